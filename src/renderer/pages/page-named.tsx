import type { ReactNode } from 'react';
import type { Route } from '../frame/route.ts';
import { AboutPage } from './about/about.tsx';
import { EvolutionsPage } from './evolutions/evolutions.tsx';
import { HealthPage } from './health/health.tsx';
import { ComparePage } from './history/compare.tsx';
import { HistoryPage } from './history/history.tsx';
import { NotesPage } from './notes/notes.tsx';
import { SettingsPage } from './settings/settings.tsx';
import { SnapshotsPage } from './snapshots/snapshots.tsx';
import { UpdatesPage } from './updates/updates.tsx';

/** The page of a place. */
export function PageNamed({ route: { page, rest } }: { readonly route: Route }): ReactNode {
  switch (page) {
    case 'notes':
      return <NotesPage />;
    case 'updates':
      return <UpdatesPage />;
    case 'evolutions':
      return <EvolutionsPage />;
    case 'history':
      return rest[0] === 'compare' ? <ComparePage from={Number(rest[1])} to={Number(rest[2])} /> : <HistoryPage />;
    case 'snapshots':
      return <SnapshotsPage />;
    case 'health':
      return <HealthPage />;
    case 'settings':
      return <SettingsPage />;
    case 'about':
      return <AboutPage />;
  }
}
