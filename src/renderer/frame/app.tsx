import { useEffect, useRef, type ReactNode } from 'react';
import { RouterProvider } from 'react-aria-components';
import { useChosen, useLink, useTopic } from '../connection/context.tsx';
import { WithDialogs } from '../dialogs/shown.tsx';
import { WithDraft } from '../pages/notes/draft.tsx';
import { PageNamed } from '../pages/page-named.tsx';
import { Announcer } from '../parts/announce.tsx';
import { Page, Skeleton, useTitle } from '../parts/page.tsx';
import { languageOf } from '../words/language.ts';
import { Speaking, useWords } from '../words/words.tsx';
import { Banner } from './banner.tsx';
import { Gone, NoWay } from './gone.tsx';
import { Nav } from './nav.tsx';
import { Notices } from './notices.tsx';
import { useRoute } from './route.ts';
import { Status } from './status.tsx';

/** The whole window, once it is connected. */
export function App(): ReactNode {
  const chosen = useChosen();
  const theme = chosen?.theme ?? 'system';
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
  return (
    <Speaking language={languageOf(chosen?.language ?? 'system', navigator.languages)}>
      <RouterProvider navigate={(address) => (location.hash = address)}>
        <Announcer>
          <Frame />
        </Announcer>
      </RouterProvider>
    </Speaking>
  );
}

/** The whole window when it cannot be connected. */
export function Shut(): ReactNode {
  return (
    <Speaking language={languageOf('system', navigator.languages)}>
      <NoWay />
    </Speaking>
  );
}

/** Before the first values are there, the page's heading and the shape of what comes. */
function Frame(): ReactNode {
  const { link, isComplete } = useLink();
  if (!isComplete) return <Opening />;
  return (
    <WithDraft>
      <WithDialogs>
        <Filled />
        {link === 'lost' && <Gone />}
      </WithDialogs>
    </WithDraft>
  );
}

function Opening(): ReactNode {
  const { t } = useWords();
  const { page } = useRoute();
  return (
    <div className="frame">
      <div className="banner-place" />
      <div className="nav" />
      <main className="main" aria-busy="true">
        <Page title={t(`frame.${page}`)}>
          <Skeleton rows={6} />
        </Page>
      </main>
    </div>
  );
}

function Filled(): ReactNode {
  const { t } = useWords();
  const route = useRoute();
  const { product } = useTopic('about');
  useTitle(t(`frame.${route.page}`), product);
  useHeadingFocus(route.page);
  return (
    <div className="frame">
      <a className="skip" href="#main" onClick={toHeading}>
        {t('frame.skip')}
      </a>
      <Banner />
      <Nav page={route.page} />
      <main className="main" tabIndex={-1}>
        <Notices />
        <PageNamed route={route} />
      </main>
      <Status />
    </div>
  );
}

function toHeading(event: { preventDefault(): void }): void {
  event.preventDefault();
  document.querySelector('h1')?.focus();
}

/** Whoever goes to another page is at its heading, as after loading one; not at the first. */
function useHeadingFocus(page: string): void {
  const last = useRef(page);
  useEffect(() => {
    if (last.current === page) return;
    last.current = page;
    document.querySelector('main')?.scrollTo(0, 0);
    document.querySelector('h1')?.focus({ preventScroll: true });
  }, [page]);
}
