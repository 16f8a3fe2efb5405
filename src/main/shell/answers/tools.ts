import type { AskEngine } from '../../../updater/engine/process/client.ts';
import type { Instance, Layout } from '../../../updater/install/layout.ts';
import type { Generation } from '../../../updater/model/generation.ts';
import type { Job } from '../../../updater/model/job.ts';
import type { Board } from '../../contract/serve.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** What answers are found with: the installation, the generation that runs, the board, the ledger, the engine, and the shell's own end. */
export interface AnswerTools {
  readonly layout: Layout;
  readonly instance: Instance;
  readonly running: Generation;
  readonly board: Board;
  readonly ledger: Ledger;
  readonly ask: AskEngine;
  readonly job: Job;
}
