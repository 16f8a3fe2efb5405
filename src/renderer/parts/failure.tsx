import { CircleAlert } from 'lucide-react';
import { useCallback, useState, type ReactNode } from 'react';
import type { Answers, CommandName, Question } from '../../main/contract/commands.ts';
import type { Failure } from '../../updater/model/failure.ts';
import { useAsk } from '../connection/context.tsx';
import { useWords } from '../words/words.tsx';
import { useAnnounce } from './announce.tsx';

/** A command as a control uses it: it runs once at a time, and its failure stays to be shown until it runs again. */
export interface Command<Name extends CommandName> {
  /** The answer; null when it failed. */
  run(question: Question<Name>): Promise<Answers[Name] | 'failed'>;
  readonly isRunning: boolean;
  readonly failure: Failure | null;
}

/** A command for a control; its failures are announced. */
export function useCommand<Name extends CommandName>(name: Name): Command<Name> {
  const ask = useAsk();
  const announce = useAnnounce();
  const { t } = useWords();
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const run = useCallback(
    async (question: Question<Name>) => {
      setRunning(true);
      const reply = await ask(name, question);
      setRunning(false);
      const failed = 'failure' in reply ? reply.failure : null;
      setFailure(failed);
      if (failed !== null) announce(t(`failure.${failed.code}`), 'now');
      return 'answer' in reply ? reply.answer : 'failed';
    },
    [ask, announce, name, t],
  );
  return { run, isRunning, failure };
}

/** What went wrong, in words, with its code for whoever asks for help; nothing where nothing did. */
export function Problem({ failure }: { readonly failure: Failure | null }): ReactNode {
  const { t } = useWords();
  if (failure === null) return null;
  return (
    <div className="problem">
      <CircleAlert size={16} aria-hidden />
      <p>
        {t(`failure.${failure.code}`)} <code className="soft">{failure.code}</code>
      </p>
    </div>
  );
}
