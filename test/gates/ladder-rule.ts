import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { placeOf, type Rule, type SyntaxNode } from './rule.ts';

/** One step of the ladder: the folders it may import from (itself is always one of them), and what it may import from outside. */
interface Layer {
  readonly folder: string;
  readonly sees: readonly string[];
  readonly typesOf?: readonly string[];
  readonly builtins: boolean;
  readonly packages?: readonly string[];
}

/** src/updater from the bottom up; folders of one rung do not know each other. */
const rungs = [['model'], ['disk'], ['trust', 'download', 'patches', 'store'], ['install'], ['repair'], ['engine']];

const updater = rungs.flatMap((rung, height) => {
  const below = rungs.slice(0, height).flat();
  return rung.map((name): Layer => ({ folder: inUpdater(name), sees: below.map(inUpdater), builtins: true }));
});

/** The whole ladder. The first layer whose folder holds a file is the file's layer. */
const layers: readonly Layer[] = [
  { folder: 'src/updater/model', sees: [], builtins: false, packages: ['zod'] },
  ...updater,
  { folder: 'src/main/contract', sees: ['src/updater/model'], builtins: false },
  { folder: 'src/main', sees: ['src/updater'], builtins: true },
  { folder: 'src/renderer', sees: ['src/main/contract'], typesOf: ['src/updater/model'], builtins: false },
  { folder: 'electron', sees: ['src/main', 'src/updater'], builtins: true },
  // Both commands speak alike, and what the contract says is written down: the release tool shares the terminal, the HTTP faces the commands.
  { folder: 'build', sees: ['src/updater', 'src/main/cli', 'src/main/contract'], builtins: true },
];

interface Import extends SyntaxNode {
  readonly source: { readonly value?: unknown } | null;
  readonly importKind?: string;
  readonly exportKind?: string;
}

/**
 * Imports point down the ladder: each layer sees the layers below it, no sibling, no layer above; `electron` is known in
 * electron/ only. Worker scripts named by `new URL(…, import.meta.url)` count as imports.
 */
export const ladder: Rule = {
  create(context) {
    const place = placeOf(context);
    const layer = layers.find(({ folder }) => holds(folder, place));
    const check = (node: SyntaxNode, target: unknown, typeOnly: boolean) => {
      if (typeof target !== 'string') return;
      const wrong = objection(place, layer, { target, typeOnly });
      if (wrong !== null) context.report({ node, message: wrong });
    };
    const declared = (node: Import) => check(node, node.source?.value, (node.importKind ?? node.exportKind) === 'type');
    return {
      ImportDeclaration: declared,
      ExportNamedDeclaration: declared,
      ExportAllDeclaration: declared,
      ImportExpression: declared,
      TSImportType: (node: Import) => check(node, node.source?.value, true),
      NewExpression: (node: NewUrl) => check(node, fileNamed(node), false),
    };
  },
};

function objection(place: string, layer: Layer | undefined, what: { target: string; typeOnly: boolean }): string | null {
  const { target, typeOnly } = what;
  if (target === 'electron' && !place.startsWith('electron/')) return 'electron is imported in electron/ only';
  if (layer === undefined) return place.startsWith('src/updater/') ? 'src/updater has no other folder than the rungs' : null;
  if (isBuiltin(target)) return layer.builtins ? null : `${layer.folder} does not know Node (${target})`;
  if (!target.startsWith('.')) return (layer.packages ?? [target]).includes(target) ? null : `${layer.folder} does not import ${target}`;
  const file = posix.join(posix.dirname(place), target);
  const visible = [layer.folder, ...layer.sees, ...(typeOnly ? (layer.typesOf ?? []) : [])];
  return visible.some((folder) => holds(folder, file)) ? null : `${layer.folder} is not above ${posix.dirname(file)} on the ladder`;
}

interface NewUrl extends SyntaxNode {
  readonly callee: { readonly name?: string };
  readonly arguments: readonly { readonly value?: unknown }[];
}

function fileNamed(node: NewUrl): unknown {
  const target = node.callee.name === 'URL' && node.arguments.length === 2 ? node.arguments[0]?.value : null;
  return typeof target === 'string' && /^\.{1,2}\/.*\.[jt]s$/.test(target) ? target : null;
}

function holds(folder: string, file: string): boolean {
  return file.startsWith(`${folder}/`);
}

function inUpdater(name: string): string {
  return `src/updater/${name}`;
}
