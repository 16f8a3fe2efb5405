import {
  Activity,
  Blocks,
  Camera,
  CircleArrowUp,
  History,
  Info,
  Menu as Lines,
  NotebookPen,
  Settings,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import { useTopic } from '../connection/context.tsx';
import { useWords } from '../words/words.tsx';
import { linkTo, pageNames, type PageName } from './route.ts';

const icons: Readonly<Record<PageName, LucideIcon>> = {
  notes: NotebookPen,
  updates: CircleArrowUp,
  evolutions: Blocks,
  history: History,
  snapshots: Camera,
  health: Activity,
  settings: Settings,
  about: Info,
};

/** The way to every page; a menu where the window is narrow. */
export function Nav({ page }: { readonly page: PageName }): ReactNode {
  const { t } = useWords();
  const isWaiting = useIsWaiting();
  return (
    <nav className="nav" aria-label={t('frame.pages')}>
      <ul className="nav-list">
        {pageNames.map((name) => (
          <li key={name}>
            <a className="nav-link" href={linkTo(name)} {...(name === page ? { 'aria-current': 'page' as const } : {})}>
              <PageIcon name={name} />
              {t(`frame.${name}`)}
              {name === 'updates' && isWaiting && <Dot />}
            </a>
          </li>
        ))}
      </ul>
      <NarrowMenu page={page} isWaiting={isWaiting} />
    </nav>
  );
}

function NarrowMenu({ page, isWaiting }: { readonly page: PageName; readonly isWaiting: boolean }): ReactNode {
  const { t } = useWords();
  return (
    <div className="nav-narrow">
      <MenuTrigger>
        <Button className="button button-quiet">
          <Lines size={16} aria-hidden />
          {t('frame.menu')}
          {isWaiting && <Dot />}
        </Button>
        <Popover className="popover" placement="bottom start" offset={4}>
          <Menu className="menu" aria-label={t('frame.pages')} selectionMode="single" selectedKeys={[page]}>
            {pageNames.map((name) => (
              <MenuItem key={name} id={name} href={linkTo(name)} className="menu-item" textValue={t(`frame.${name}`)}>
                <PageIcon name={name} />
                {t(`frame.${name}`)}
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
    </div>
  );
}

function PageIcon({ name }: { readonly name: PageName }): ReactNode {
  const Icon = icons[name];
  return <Icon size={18} strokeWidth={1.75} aria-hidden />;
}

function Dot(): ReactNode {
  const { t } = useWords();
  return (
    <span className="nav-dot">
      <span className="hidden">{t('frame.waits')}</span>
    </span>
  );
}

/** Whether the page of updates has something that asks for the person. */
function useIsWaiting(): boolean {
  const { kind } = useTopic('update');
  const notices = useTopic('notices');
  return kind === 'available' || kind === 'ready' || kind === 'failed' || notices.length > 0;
}
