import { megabytes } from '../../src/main/cli/terminal.ts';
import type { Findings } from './findings.ts';

/** The demo's result for a terminal. */
export function tableOf(found: Findings, seconds: Readonly<Record<string, number>>): string {
  const { data, badRelease: bad } = found;
  const share = ((100 * found.wireBytes) / found.fullBytes).toFixed(1);
  const steps = Object.entries(found.updateMilliseconds).map(([step, ms]) => `${step} ${(ms / 1000).toFixed(1)}`);
  const total = Object.values(seconds).reduce((sum, one) => sum + one, 0);
  return [
    '',
    `  ${found.from} → ${found.to}        by ${found.route === 'direct' ? 'one patch' : found.route}`,
    `  over the wire        ${megabytes(found.wireBytes)} of ${megabytes(found.fullBytes)} (${share} %)`,
    `  seconds of update    ${steps.join(' · ')}`,
    `  tree, updated        ${found.treeDigest}`,
    `  tree, fresh install  ${found.freshInstallDigest}`,
    `  data                 version ${data.from} → ${data.to}, the note kept; back only by decision (${data.refused.code})`,
    `  taken back to        ${found.rolledBackTo}, then forward to ${found.to} (generation ${found.generation.n}, ${found.generation.state})`,
    `  bad release          ${bad.version}: ${bad.failure.detail}; after ${bad.tries === 1 ? 'one start' : `${bad.tries} starts`} back on ${bad.revertedTo}`,
    `  everything           ${total.toFixed(0)} s`,
    '',
    ...(found.ok ? ['  Everything matched.'] : ['  NOT everything matched:', ...found.wrong.map((wrong) => `  ${wrong}`)]),
  ].join('\n');
}
