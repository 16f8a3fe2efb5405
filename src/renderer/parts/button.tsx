import { Check, Copy, type LucideIcon } from 'lucide-react';
import { useEffect, useState, type ReactNode } from 'react';
import { Button as AriaButton } from 'react-aria-components';
import { useWords } from '../words/words.tsx';
import { useAnnounce } from './announce.tsx';

/** What a button looks like: one `primary` at most per place; `quiet` is for what stands beside other things. */
export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger';

interface ButtonProps {
  readonly kind?: ButtonKind;
  readonly icon?: LucideIcon;
  readonly isDisabled?: boolean;
  /** Keeps its place and its focus while what it began goes on. */
  readonly isPending?: boolean;
  readonly autoFocus?: boolean;
  readonly label?: string;
  onPress(): void;
  readonly children: ReactNode;
}

/** A button with words, and an icon before them where it helps. */
export function Button({ kind = 'plain', icon: Icon, label, children, ...rest }: ButtonProps): ReactNode {
  return (
    <AriaButton {...rest} {...(label === undefined ? {} : { 'aria-label': label })} className={`button button-${kind}`}>
      {Icon !== undefined && <Icon size={16} aria-hidden />}
      {children}
    </AriaButton>
  );
}

/** A button that is an icon only; its label says what it does. */
export function IconButton({
  icon: Icon,
  label,
  onPress,
}: Pick<ButtonProps, 'onPress'> & { readonly icon: LucideIcon; readonly label: string }): ReactNode {
  return (
    <AriaButton aria-label={label} onPress={onPress} className="button button-quiet button-icon">
      <Icon size={16} aria-hidden />
    </AriaButton>
  );
}

interface CopyProps {
  readonly words: string;
  /** Shows the icon only; the words are its label. */
  readonly isCompact?: boolean;
  text(): string;
}

/** Puts text into the clipboard, and says that it did. */
export function CopyButton({ words, isCompact = false, text }: CopyProps): ReactNode {
  const { t } = useWords();
  const announce = useAnnounce();
  const [isDone, setDone] = useState(false);
  useEffect(() => {
    if (!isDone) return;
    const timer = setTimeout(() => setDone(false), 2000);
    return () => clearTimeout(timer);
  }, [isDone]);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text());
    setDone(true);
    announce(t('frame.copied'));
  };
  const icon = isDone ? Check : Copy;
  if (isCompact) return <IconButton icon={icon} label={words} onPress={() => void copy()} />;
  return (
    <Button kind="quiet" icon={icon} onPress={() => void copy()}>
      {isDone ? t('frame.copied') : words}
    </Button>
  );
}
