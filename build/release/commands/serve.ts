import { resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { Failed } from '../../../src/updater/model/failure.ts';
import { serveRepository } from '../server/serve.ts';
import { numberOption, parseOptions, readText } from './input.ts';
import type { Run, Session } from './terminal.ts';

/** Adds `serve`. */
export function addServeCommand(program: Command, run: Run): void {
  program
    .command('serve')
    .description('serves a repository over HTTP(S) until it is stopped')
    .requiredOption('--repo <dir>', 'the folder of the repository')
    .option('--port <n>', 'the port; 0 takes any free one', '8443')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--checks-per-minute <n>', 'how many automatic checks are let through; 0 withholds what is new from all of them')
    .option('--tls-cert <file>', 'a certificate (PEM); only TLS 1.3 is spoken')
    .option('--tls-key <file>', 'its private key (PEM)')
    .action((options: unknown) => run((session) => serve(session, options)));
}

const serveOptions = z.object({
  repo: z.string(),
  port: numberOption.refine((port) => port < 65_536, 'not a port'),
  host: z.string(),
  checksPerMinute: numberOption.optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
});

/** Says where it listens as soon as it does, and ends well when it is told to stop. */
async function serve({ terminal, json, job }: Session, given: unknown): Promise<null> {
  const { repo, port, host, checksPerMinute = null, tlsCert, tlsKey } = parseOptions(serveOptions, given);
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw new Failed('usage/wrong', '--tls-cert and --tls-key go together');
  const pem = 1024 ** 2;
  const tls =
    tlsCert === undefined || tlsKey === undefined ? {} : { tls: { cert: await readText(tlsCert, pem), key: await readText(tlsKey, pem) } };
  await using server = await serveRepository({ repo: resolve(repo), port, host, checksPerMinute, ...tls });
  terminal.out(json ? `${JSON.stringify({ url: server.url })}\n` : `serving ${repo} at ${server.url}\n`);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  job.signal.addEventListener('abort', () => stop());
  if (!job.signal.aborted) await stopped;
  return null;
}
