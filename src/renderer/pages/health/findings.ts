import type { About, HistoryRow, Provenance } from '../../../main/contract/views.ts';
import { useTopic } from '../../connection/context.tsx';
import { useWords, type Words } from '../../words/words.tsx';

/** One check: what was looked at, what was found, on what evidence, and when (UTC; null where it is not dated). */
export interface Finding {
  readonly name: string;
  readonly verdict: 'good' | 'bad' | 'open';
  readonly evidence: string;
  readonly at: string | null;
}

/** Everything that this window knows about the installation's health. */
export function useFindings(provenance: Provenance | null): readonly Finding[] {
  const words = useWords();
  const about = useTopic('about');
  const history = useTopic('history');
  return [
    files(provenance, about, words),
    signature(provenance, words),
    server(about, words),
    lastStart(history, words),
    ability(about, words),
  ].flat();
}

function files(provenance: Provenance | null, { version }: About, { t }: Words): Finding {
  const name = t('health.files');
  if (provenance === null) return { name, verdict: 'open', evidence: t('health.filesUnchecked', { version }), at: null };
  const count = provenance.damaged.length;
  const evidence = count === 0 ? t('health.filesGood', { count: provenance.files }) : t('health.filesBad', { count });
  return { name, verdict: count === 0 ? 'good' : 'bad', evidence, at: provenance.checkedAt };
}

function signature(provenance: Provenance | null, { t }: Words): Finding {
  const name = t('health.signature');
  if (provenance === null) return { name, verdict: 'open', evidence: t('health.signatureUnchecked'), at: null };
  return { name, verdict: 'good', evidence: t('health.signatureGood', { count: provenance.keyIds.length }), at: provenance.checkedAt };
}

function server({ lastCheck }: About, { t, ago }: Words): Finding {
  const name = t('health.server');
  if (lastCheck === null) return { name, verdict: 'open', evidence: t('health.serverNever'), at: null };
  const { at, failure } = lastCheck;
  if (failure === null) return { name, verdict: 'good', evidence: t('health.serverGood', { ago: ago(at) }), at: null };
  return { name, verdict: 'bad', evidence: `${t('health.serverBad', { ago: ago(at) })} ${t(`failure.${failure.code}`)}`, at: null };
}

function lastStart([newest]: readonly HistoryRow[], { t }: Words): readonly Finding[] {
  if (newest === undefined || newest.state === 'staged' || newest.state === 'trying') return [];
  const isGood = newest.state === 'good';
  const evidence = t(isGood ? 'health.trialGood' : 'health.trialBad', { version: newest.version });
  return [{ name: t('health.trial'), verdict: isGood ? 'good' : 'bad', evidence, at: newest.createdAt }];
}

function ability({ ability: { kind }, isSafe }: About, { t }: Words): readonly Finding[] {
  const found: Finding = {
    name: t('health.ability'),
    verdict: kind === 'blocked' ? 'bad' : 'good',
    evidence: t(`updates.ability.${kind}`),
    at: null,
  };
  return isSafe ? [found, { name: t('health.safe'), verdict: 'open', evidence: t('health.safeText'), at: null }] : [found];
}
