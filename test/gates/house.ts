/**
 * The lint rules that are this house's own, as a plugin of oxlint. They see one file at a time, with its place in the tree.
 */
import { assertion, documented } from './code-rules.ts';
import { ladder } from './ladder-rule.ts';
import { noShell, noSilence } from './safety-rules.ts';
import { shape } from './shape-rule.ts';

export default {
  meta: { name: 'house' },
  rules: { ladder, shape, assertion, documented, 'no-shell': noShell, 'no-silence': noSilence },
};
