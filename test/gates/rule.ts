import { relative, sep } from 'node:path';

/** A node of the syntax tree, as far as the house rules look at it (ESTree with TypeScript's additions). */
export interface SyntaxNode {
  readonly type: string;
  readonly parent?: SyntaxNode | null;
  readonly range: readonly [number, number];
}

/** What the linter gives to a rule for one file. */
export interface RuleContext {
  readonly filename: string;
  readonly sourceCode: {
    readonly text: string;
    getAllComments(): readonly Comment[];
    getCommentsBefore(node: SyntaxNode): readonly Comment[];
  };
  report(finding: { message: string; node?: SyntaxNode; loc?: { line: number; column: number } }): void;
}

/** One comment, without its delimiters. */
export interface Comment {
  readonly type: 'Line' | 'Block' | 'Shebang';
  readonly value: string;
}

/** One lint rule in the form the linter loads. */
export interface Rule {
  create(context: RuleContext): Readonly<Record<string, (node: never) => void>>;
}

/** The folder that holds the repository: rules and their tree are always of the same copy. */
export const root = new URL('../../', import.meta.url).pathname;

/** The path of the linted file below the repository, with forward slashes. */
export function placeOf(context: RuleContext): string {
  return relative(root, context.filename).split(sep).join('/');
}
