import { megabytes } from '../../src/main/cli/terminal.ts';
import type { Findings } from './story.ts';

/** The demo's result for a terminal. */
export function tableOf(found: Findings, seconds: Readonly<Record<string, number>>): string {
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
    `  taken back to        ${found.rolledBackTo}, then forward to ${found.to} (generation ${found.generation.n}, ${found.generation.state})`,
    `  everything           ${total.toFixed(0)} s`,
    '',
    found.ok ? '  Everything matched.' : '  NOT everything matched.',
  ].join('\n');
}
