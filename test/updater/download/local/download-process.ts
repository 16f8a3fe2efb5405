/** Fetches the test file's parts into a local file: to be killed on the way. Arguments: base URL, local file, size, size of a part. */
import { fetchParts } from '../../../../src/updater/download/parts.ts';
import { openRemote } from '../../../../src/updater/download/remote.ts';
import { quietJob } from '../../../../src/updater/model/job.ts';
import { partsOf, someBytes } from '../fixture.ts';

const [url = '', file = '', size = '', partBytes = ''] = process.argv.slice(2);
const parts = partsOf(someBytes(Number(size)), Number(partBytes));
await using remote = openRemote({ urls: [url], userAgent: 'moult-test', environment: {} });
await fetchParts(remote, { name: 'file', file, size: Number(size), parts }, quietJob());
