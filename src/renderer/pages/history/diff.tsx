import type { ReactNode } from 'react';

const mostLines = 2000;

/** A unified diff; what was added and removed keeps its sign, so that colour is not alone. */
export function Diff({ text, label }: { readonly text: string; readonly label: string }): ReactNode {
  const lines = text.split('\n').filter((line) => !/^(Index: |=+$|--- |\+\+\+ |\\ )/.test(line));
  return (
    <pre className="diff" tabIndex={0} role="region" aria-label={label}>
      {lines.slice(0, mostLines).map((line, index) => (
        <span key={index} className={`diff-line diff-${kindOf(line)}`}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

function kindOf(line: string): string {
  if (line.startsWith('@@')) return 'place';
  return line.startsWith('+') ? 'added' : line.startsWith('-') ? 'removed' : 'same';
}
