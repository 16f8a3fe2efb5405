/** Parses scripts without running them, in a thread that may parse modules: the paths are what it starts with, the first problem or null is what it says. */
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';

const paths = z.array(z.string()).parse(workerData);
parentPort?.postMessage(paths.map(problemOf).find((found) => found !== null) ?? null);

/** A script is broken when it parses neither as what its name says nor as the other kind: which kind Node takes it for may depend on files around it. */
function problemOf(path: string): { readonly path: string; readonly why: string } | null {
  const text = readFileSync(path, 'utf8')
    .replace(/^\uFEFF/, '')
    .replace(/^#!.*/, '');
  const problem = path.endsWith('.cjs') ? asScript(text) : asModule(text);
  if (problem === null || (path.endsWith('.js') && asScript(text) === null)) return null;
  return { path, why: problem };
}

function asModule(text: string): string | null {
  return syntaxErrorOf(() => new vm.SourceTextModule(text));
}

/** What a script finds around it is the body of a function, where `return` is allowed. */
function asScript(text: string): string | null {
  return syntaxErrorOf(() => vm.compileFunction(text, ['exports', 'require', 'module', '__filename', '__dirname']));
}

function syntaxErrorOf(parse: () => unknown): string | null {
  try {
    parse();
    return null;
  } catch (error) {
    // The question itself: a parser answers by throwing.
    if (error instanceof Error) return error.message;
    throw error;
  }
}
