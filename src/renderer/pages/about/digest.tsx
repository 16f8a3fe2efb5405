import type { ReactNode } from 'react';
import { CopyButton } from '../../parts/button.tsx';
import { useWords } from '../../words/words.tsx';

/** A digest in groups of eight, for reading aloud; what is copied has no spaces. */
export function Digest({ digest, name }: { readonly digest: string; readonly name: string }): ReactNode {
  const { t } = useWords();
  const groups = digest.match(/.{1,8}/g) ?? [];
  return (
    <span className="digest">
      <code dir="ltr">
        {groups.map((group) => (
          <span key={group}>{group} </span>
        ))}
      </code>
      <CopyButton isCompact words={t('about.copyWhat', { what: name })} text={() => digest} />
    </span>
  );
}
