/**
 * Release notes are signed, and still somebody else's text: Markdown only. HTML is shown as it was written, pictures by their words,
 * links with their address instead of being followed; a very long text is cut.
 */
import type { ReactNode } from 'react';
import { useState } from 'react';
import Markdown, { type Components } from 'react-markdown';
import { useWords } from '../words/words.tsx';
import { Button } from './button.tsx';

const mostCharacters = 16_000;
const foldedLines = 12;

const components: Components = {
  a: ({ children, href }) => (
    <>
      {children}
      {href !== undefined && <span className="soft"> ({href})</span>}
    </>
  ),
  img: ({ alt }) => <>{alt}</>,
  // The page and its dialogs have the higher headings.
  h1: ({ children }) => <h3>{children}</h3>,
  h2: ({ children }) => <h3>{children}</h3>,
  h3: ({ children }) => <h4>{children}</h4>,
};

interface ReleaseNotesProps {
  /** Markdown by language. */
  readonly notes: Readonly<Record<string, string>>;
  /** Begins with a dozen lines and a way to the rest. */
  readonly isFolded?: boolean;
}

/** Release notes in the language that is spoken, else in English, else in whatever there is. */
export function ReleaseNotes({ notes, isFolded = false }: ReleaseNotesProps): ReactNode {
  const { t, language } = useWords();
  const [isOpen, setOpen] = useState(false);
  const text = notes[language] ?? notes['en'] ?? Object.values(notes)[0] ?? '';
  if (text.trim() === '') return <p className="soft">{t('prompt.noNews')}</p>;
  const isLong = isFolded && text.split('\n').length > foldedLines;
  return (
    <div className="release-notes">
      <div className={isLong && !isOpen ? 'prose prose-folded' : 'prose'}>
        <Markdown components={components}>{cut(text)}</Markdown>
      </div>
      {isLong && (
        <Button kind="quiet" onPress={() => setOpen(!isOpen)}>
          {isOpen ? t('frame.showLess') : t('prompt.fullNotes')}
        </Button>
      )}
    </div>
  );
}

function cut(text: string): string {
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}
