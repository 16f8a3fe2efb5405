import { placeOf, type Rule, type SyntaxNode } from './rule.ts';

interface Assertion extends SyntaxNode {
  readonly typeAnnotation: { readonly typeName?: { readonly name?: string } };
}

/** `as` stands in `parse…` functions and in the contract's wire only; `as const` is no assertion. */
export const assertion: Rule = {
  create(context) {
    if (placeOf(context).startsWith('src/main/contract/')) return {};
    return {
      TSAsExpression(node: Assertion) {
        if (node.typeAnnotation.typeName?.name === 'const' || isParsing(node)) return;
        context.report({ node, message: '`as` belongs into a function named parse…' });
      },
    };
  },
};

interface Named extends SyntaxNode {
  readonly id?: { readonly name?: string } | null;
}

function isParsing(node: Named): boolean {
  if (node.id?.name?.startsWith('parse')) return true;
  return node.parent ? isParsing(node.parent) : false;
}

interface Export extends SyntaxNode {
  readonly declaration: Named | null;
}

/** Every exported function and class says in a doc comment what it does. */
export const documented: Rule = {
  create(context) {
    return {
      ExportNamedDeclaration(node: Export) {
        if (!/^(Function|Class)Declaration$/.test(node.declaration?.type ?? '')) return;
        const comment = context.sourceCode.getCommentsBefore(node).at(-1);
        if (comment?.type === 'Block' && comment.value.startsWith('*')) return;
        context.report({ node, message: `${node.declaration?.id?.name} has no doc comment` });
      },
    };
  },
};
