import type { Rule, SyntaxNode } from './rule.ts';

interface ImportOfNames extends SyntaxNode {
  readonly source: { readonly value: string };
  readonly specifiers: readonly { readonly type: string; readonly imported?: { readonly name?: string } }[];
}

interface Entry extends SyntaxNode {
  readonly key: { readonly name?: string; readonly value?: unknown };
  readonly value: { readonly value?: unknown };
}

/**
 * S30: no command line is ever handed to a shell. `exec` and `execSync` cannot be imported, not under another name or with
 * the whole module either, and no object has a `shell` that is not literally `false`.
 */
export const noShell: Rule = {
  create(context) {
    return {
      ImportDeclaration(node: ImportOfNames) {
        if (!/^(node:)?child_process$/.test(node.source.value)) return;
        for (const { type, imported } of node.specifiers) {
          if (type !== 'ImportSpecifier') context.report({ node, message: 'import spawn, execFile or fork by name: exec is a shell' });
          else if (/^exec(Sync)?$/.test(imported?.name ?? ''))
            context.report({ node, message: `${imported?.name} is a shell: use execFile` });
        }
      },
      Property(node: Entry) {
        const isShell = node.key.name === 'shell' || node.key.value === 'shell';
        if (isShell && node.value.value !== false) context.report({ node, message: 'no shell: pass the arguments as a list' });
      },
    };
  },
};

const silences = /\b(?:oxlint|eslint)-(?:disable|enable)|@ts-(?:ignore|nocheck|expect-error)|prettier-ignore|\b(?:v8|c8|istanbul) ignore/;

/** An exception to a rule is a line in the configuration with its reason, never a comment in the code. */
export const noSilence: Rule = {
  create(context) {
    return {
      Program() {
        // At the very start of the file, where no directive has come into force yet.
        const silence = context.sourceCode.getAllComments().find(({ value }) => silences.test(value));
        if (silence) context.report({ loc: { line: 1, column: 0 }, message: `an inline silence: ${silence.value.trim()}` });
      },
    };
  },
};
