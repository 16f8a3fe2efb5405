import { useEffect, useState, type ReactNode } from 'react';
import type { Comparison } from '../../../main/contract/views.ts';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { Badge, Skeleton } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { Diff } from './diff.tsx';

type Change = 'added' | 'removed' | 'changed';
const mostRows = 500;
const tones = { added: 'good', removed: 'high', changed: 'neutral' } as const;

interface FilesProps {
  readonly comparison: Comparison;
  readonly generations: { readonly from: number; readonly to: number };
}

/** The files that differ, and the lines of the one that was chosen. */
export function Files({ comparison, generations }: FilesProps): ReactNode {
  const { t } = useWords();
  const [path, setPath] = useState<string | null>(null);
  const { added, removed, changed } = comparison;
  const rows = [...rowsOf('changed', changed), ...rowsOf('added', added), ...rowsOf('removed', removed)];
  return (
    <div className="compare">
      <section className="stack" aria-label={t('history.fileList')}>
        <p className="soft numbers">
          {t('history.tally', { total: rows.length, added: added.length, removed: removed.length, changed: changed.length })}
        </p>
        <ul className="file-rows">
          {rows.slice(0, mostRows).map((row) => (
            <li key={row.path}>
              <button type="button" className="file-row" aria-current={row.path === path} onClick={() => setPath(row.path)}>
                <span className="mono">{row.path}</span>
                <Badge tone={tones[row.change]}>{t(`history.${row.change}`)}</Badge>
              </button>
            </li>
          ))}
        </ul>
        {rows.length > mostRows && <p className="soft">{t('history.moreFiles', { count: rows.length - mostRows })}</p>}
      </section>
      {path === null ? (
        <p className="soft compare-choose">{t('history.chooseFile')}</p>
      ) : (
        <Lines key={path} path={path} generations={generations} />
      )}
    </div>
  );
}

function rowsOf(change: Change, paths: readonly string[]): readonly { readonly path: string; readonly change: Change }[] {
  return paths.map((path) => ({ path, change }));
}

function Lines({ path, generations: { from, to } }: { readonly path: string; readonly generations: FilesProps['generations'] }): ReactNode {
  const { t } = useWords();
  const { run, failure } = useCommand('history/compare');
  const [text, setText] = useState<string | null>();
  useEffect(() => {
    void run({ from, to, path }).then((answer) => answer === 'failed' || setText(answer.text));
  }, [run, from, to, path]);
  return (
    <section className="stack compare-lines" aria-label={t('history.diff', { path })}>
      <h2 className="mono">{path}</h2>
      <Problem failure={failure} />
      {text === undefined && failure === null && <Skeleton rows={8} />}
      {text === null && <p className="soft">{t('history.noText')}</p>}
      {typeof text === 'string' && <Diff text={text} label={t('history.diff', { path })} />}
    </section>
  );
}
