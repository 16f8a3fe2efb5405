import { Failed } from '../../model/failure.ts';
import { TryAgain } from './source.ts';

/** Codes of Node and OpenSSL for a peer that is not who it should be, or does not speak TLS as we demand. */
const tlsCodes =
  /^(ERR_SSL_|ERR_TLS_|EPROTO$|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|ERROR_IN_|UND_ERR_PRX_TLS$)/;

/** Codes of undici for a proxy that says no. */
const proxyCodes = /^UND_ERR_(ABORTED|INVALID_ARG)$/;

/** What undici calls an answer that does not parse; its parser errors come with a name and without a code. */
const notHttpCodes = /^(HPE_|HTTPParserError$|UND_ERR_RES_CONTENT_LENGTH_MISMATCH$)/;

/**
 * Turns what undici reports into what we throw: `Failed` where asking again is no use (`fetch/tls`, `fetch/refused`,
 * `fetch/too-large`), else `TryAgain`. `answered` says whether headers had come: after them every fault is a cut. What is no
 * network fault comes back as it is.
 */
export function networkFailure(error: Error, answered: boolean): Error {
  const code = codeOf(error);
  if (code === null) return error;
  const detail = `${code}: ${error.message}`;
  if (answered) return new TryAgain(new Failed('fetch/offline', `the connection was cut (${detail})`, { cause: error }));
  if (tlsCodes.test(code)) return new Failed('fetch/tls', detail, { cause: error });
  if (proxyCodes.test(code)) return new Failed('fetch/refused', `the proxy refuses (${detail})`, { cause: error });
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return new Failed('fetch/too-large', 'the headers do not end', { cause: error });
  if (notHttpCodes.test(code)) return new TryAgain(new Failed('fetch/refused', `the answer is not HTTP (${detail})`, { cause: error }));
  return new TryAgain(new Failed('fetch/offline', detail, { cause: error }));
}

/** The code of an error, or of what caused it. */
function codeOf(error: unknown): string | null {
  for (let link = error; link instanceof Error; link = link.cause) {
    if ('code' in link && typeof link.code === 'string') return link.code;
    if (link.name === 'HTTPParserError') return link.name;
  }
  return null;
}
