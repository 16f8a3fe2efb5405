import { useCallback, useEffect, useState } from 'react';
import type { Provenance } from '../../../main/contract/views.ts';
import { useCommand } from '../../parts/failure.tsx';

/** The running version, checked anew: never remembered, always hashed. `atOnce` begins when the page opens. */
export function useProvenance({ atOnce }: { readonly atOnce: boolean }): {
  readonly provenance: Provenance | null;
  readonly isRunning: boolean;
  readonly failure: ReturnType<typeof useCommand>['failure'];
  verify(): void;
} {
  const { run, isRunning, failure } = useCommand('about/verify');
  const [provenance, setProvenance] = useState<Provenance | null>(null);
  const verify = useCallback(() => {
    void run({}).then((answer) => setProvenance(answer === 'failed' ? null : answer));
  }, [run]);
  useEffect(() => {
    if (atOnce) verify();
  }, [atOnce, verify]);
  return { provenance, isRunning, failure, verify };
}
