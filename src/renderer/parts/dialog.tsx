import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { Button } from './button.tsx';
import { useWords } from '../words/words.tsx';

interface DialogProps {
  readonly title: string;
  /** What stands beside the title. */
  readonly aside?: ReactNode;
  readonly isAlert?: boolean;
  readonly isWide?: boolean;
  /** Escape, and where it is no alert a click outside; always safe. */
  onLeave(): void;
  readonly footer: ReactNode;
  readonly children: ReactNode;
}

/** A dialog over everything else; it holds the focus and gives it back. It gets the focus itself unless something in it asks for it. */
export function Dialog({ title, aside, isAlert = false, isWide = false, onLeave, footer, children }: DialogProps): ReactNode {
  return (
    <ModalOverlay className="veil" isOpen isDismissable={!isAlert} onOpenChange={(isOpen) => isOpen || onLeave()}>
      <Modal className={`modal${isWide ? ' modal-wide' : ''}`}>
        <AriaDialog className="dialog" role={isAlert ? 'alertdialog' : 'dialog'}>
          <header className="dialog-head">
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {aside !== undefined && <p className="soft small">{aside}</p>}
          </header>
          <div className="dialog-body">{children}</div>
          <footer className="dialog-foot">{footer}</footer>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly action: string;
  readonly isDangerous?: boolean;
  readonly isPending?: boolean;
  onLeave(): void;
  onConfirm(): void;
  readonly children: ReactNode;
}

/** Asks once more, in words; the focus is on Cancel. */
export function Confirm({ title, action, isDangerous = false, isPending = false, onLeave, onConfirm, children }: ConfirmProps): ReactNode {
  const { t } = useWords();
  const footer = (
    <>
      <Button autoFocus onPress={onLeave}>
        {t('frame.cancel')}
      </Button>
      <Button kind={isDangerous ? 'danger' : 'primary'} isPending={isPending} onPress={onConfirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} isAlert onLeave={onLeave} footer={footer}>
      {children}
    </Dialog>
  );
}
