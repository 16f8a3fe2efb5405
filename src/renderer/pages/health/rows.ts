import type { About, HistoryRow } from '../../../main/contract/views.ts';
import type { Checked, Finding, FindingCode, Report } from '../../../updater/model/application/health.ts';
import { useTopic } from '../../connection/context.tsx';
import { useWords, type Words } from '../../words/words.tsx';

/** One check: what was looked at, what was found, on what evidence, and when (UTC; null where it is not dated). */
export interface Row {
  readonly name: string;
  readonly verdict: 'good' | 'bad' | 'open';
  readonly evidence: string;
  readonly findings: readonly Finding[];
  readonly at: string | null;
}

const kinds = ['files', 'versions', 'records', 'data', 'config', 'snapshots', 'machine'] as const satisfies readonly Checked['what'][];

const kindOf: Readonly<Record<FindingCode, Checked['what']>> = {
  'file/missing': 'files',
  'file/extra': 'files',
  'file/damaged': 'files',
  'file/mode': 'files',
  'version/missing': 'versions',
  'version/unvouched': 'versions',
  'boot-list/wrong': 'versions',
  'pointer/damaged': 'records',
  'generation/damaged': 'records',
  'source/damaged': 'records',
  'epoch/missing': 'data',
  'data/damaged': 'data',
  'data/references': 'data',
  'data/version': 'data',
  'config/invalid': 'config',
  'permissions/open': 'versions',
  'snapshot/damaged': 'snapshots',
  'object/damaged': 'snapshots',
  'space/low': 'machine',
  'clock/behind': 'machine',
};

/** Everything that is known about the installation's health: the last look over it, and what the window hears anyway. */
export function useRows(report: Report | null): readonly Row[] {
  const words = useWords();
  const about = useTopic('about');
  const [newest] = useTopic('history');
  return [
    ...kinds.flatMap((kind) => looked(kind, report, words)),
    server(about, words),
    ...lastStart(newest, words),
    ability(about, words),
  ];
}

function looked(kind: Checked['what'], report: Report | null, { t }: Words): readonly Row[] {
  const name = t(`health.kind.${kind}`);
  if (report === null) return [{ name, verdict: 'open', evidence: t(`health.will.${kind}`), findings: [], at: null }];
  const findings = report.findings.filter(({ code }) => kindOf[code] === kind);
  const checked = report.checked.find(({ what }) => what === kind);
  if (checked === undefined && findings.length === 0) return [];
  const isGood = findings.length === 0;
  const evidence = isGood ? t('health.allGood', { count: checked?.count ?? 0 }) : t('health.someBad', { count: findings.length });
  return [{ name, verdict: isGood ? 'good' : 'bad', evidence, findings, at: report.checkedAt }];
}

function server({ lastCheck }: About, { t, ago }: Words): Row {
  const row = { name: t('health.server'), findings: [], at: null };
  if (lastCheck === null) return { ...row, verdict: 'open', evidence: t('health.serverNever') };
  const { at, failure } = lastCheck;
  if (failure === null) return { ...row, verdict: 'good', evidence: t('health.serverGood', { ago: ago(at) }) };
  return { ...row, verdict: 'bad', evidence: t('health.serverBad', { ago: ago(at), why: t(`failure.${failure.code}`) }) };
}

function lastStart(newest: HistoryRow | undefined, { t }: Words): readonly Row[] {
  if (newest === undefined || newest.state === 'staged' || newest.state === 'trying') return [];
  const isGood = newest.state === 'good';
  const evidence = t(isGood ? 'health.trialGood' : 'health.trialBad', { version: newest.version });
  return [{ name: t('health.trial'), verdict: isGood ? 'good' : 'bad', evidence, findings: [], at: null }];
}

function ability({ ability: { kind }, isSafe }: About, { t }: Words): Row {
  const evidence = t(`updates.ability.${kind}`);
  const safe = isSafe ? ` ${t('health.safeText')}` : '';
  return {
    name: t('health.ability'),
    verdict: kind === 'blocked' ? 'bad' : 'good',
    evidence: `${evidence}${safe}`,
    findings: [],
    at: null,
  };
}
