/** `moult update --explain`: what an update would take, before anything is fetched. */
import type { DataCost } from '../../../updater/install/epoch/aside/estimate.ts';
import type { RouteKind, Refusal } from '../../../updater/engine/plan.ts';
import type { UpdateResult } from '../../../updater/engine/process/requests.ts';
import { megabytes } from '../terminal.ts';
import { routeText } from './outcome.ts';

type Planned = Extract<UpdateResult, { kind: 'planned' }>;

export interface Explanation {
  readonly from: string | null;
  readonly to: string;
  readonly route: RouteKind;
  readonly routeText: string;
  readonly refused: readonly Refusal[];
  readonly bytesToFetch: number;
  readonly diskBytes: number;
  /** A guess for a line of 2 MB/s and a disk of 150 MB/s; nothing is measured before it is done. */
  readonly secondsGuessed: number;
  readonly restart: boolean;
  readonly dataMigration: { readonly from: number; readonly to: number } | null;
  readonly canBeUndone: boolean;
  /** Bytes of state, the time that the switch will take for them, and why they are not rehearsed with (null: they are); null before the first install. */
  readonly dataCost: DataCost | null;
}

/** The plan of an update as the command tells it. */
export function explain({ current, version, plan, effect, dataCost }: Planned): Explanation {
  return {
    from: current,
    to: version,
    route: plan.route.kind,
    routeText: routeText(plan),
    refused: plan.refused,
    bytesToFetch: plan.bytesToFetch,
    diskBytes: plan.diskBytes,
    secondsGuessed: Math.ceil(plan.bytesToFetch / 2_000_000 + plan.diskBytes / 150_000_000),
    restart: effect.restart,
    dataMigration: effect.dataMigration,
    canBeUndone: effect.canBeUndone,
    dataCost,
  };
}

/** The same in lines for a terminal. */
export function explainText(told: Explanation): string {
  const migration = told.dataMigration === null ? 'none' : `from version ${told.dataMigration.from} to ${told.dataMigration.to}, on a copy`;
  const refused = told.refused.map(({ route, bytes, why }) => `    not ${route}${bytes === null ? '' : ` (${megabytes(bytes)})`}: ${why}`);
  return [
    `${told.from ?? 'nothing'} → ${told.to}`,
    `  route           ${told.routeText}`,
    ...refused,
    `  to fetch        ${megabytes(told.bytesToFetch)}`,
    `  room on disk    ${megabytes(told.diskBytes)}`,
    `  time            about ${told.secondsGuessed} s`,
    `  restart         ${told.restart ? 'yes' : 'no'}`,
    `  data migration  ${migration}`,
    ...dataLines(told.dataCost),
    `  can be undone   ${told.canBeUndone ? 'yes, with "moult rollback"' : 'no: this version cannot be left for an older one'}`,
  ].join('\n');
}

/** What is over at once, or as usual, need not be said. */
function dataLines(cost: DataCost | null): readonly string[] {
  if (cost === null) return [];
  const rehearsal = cost.notRehearsed === null ? [] : [`  rehearsal       without your data: ${cost.notRehearsed}`];
  if (cost.cloneMs + cost.migrationMs <= 2000) return rehearsal;
  const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`;
  const migrating = cost.migrationMs === 0 ? '' : `, then about ${seconds(cost.migrationMs)} to migrate it`;
  return [`  data at restart ${megabytes(cost.bytes)}, about ${seconds(cost.cloneMs)} to copy${migrating}`, ...rehearsal];
}
