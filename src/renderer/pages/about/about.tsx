import { BadgeCheck, RefreshCw, ShieldAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { About, Provenance } from '../../../main/contract/views.ts';
import { useTopic } from '../../connection/context.tsx';
import { Button, CopyButton } from '../../parts/button.tsx';
import { Problem } from '../../parts/failure.tsx';
import { Badge, Facts, Page, Skeleton } from '../../parts/page.tsx';
import { useWords } from '../../words/words.tsx';
import { Digest } from './digest.tsx';
import { useProvenance } from './verify.tsx';

/** What runs, where it came from, and whether that is still true: it is verified again whenever this page opens. */
export function AboutPage(): ReactNode {
  const { t } = useWords();
  const about = useTopic('about');
  const { provenance, isRunning, failure, verify } = useProvenance({ atOnce: true });
  const actions = (
    <>
      <CopyButton words={t('about.copyAll')} text={() => JSON.stringify({ ...about, provenance }, null, 2)} />
      <Button icon={RefreshCw} isPending={isRunning} onPress={verify}>
        {t('about.again')}
      </Button>
    </>
  );
  return (
    <Page title={`${about.product} ${about.version}`} actions={actions}>
      <section className="card stack" aria-labelledby="provenance">
        <h2 id="provenance">{t('about.provenance')}</h2>
        <Verdict provenance={provenance} isRunning={isRunning} />
        <Problem failure={failure} />
        {provenance !== null && <Origin provenance={provenance} />}
        {provenance === null && failure === null && <Skeleton rows={6} />}
      </section>
      <Installed about={about} />
    </Page>
  );
}

function Verdict({ provenance, isRunning }: { readonly provenance: Provenance | null; readonly isRunning: boolean }): ReactNode {
  const { t, timeOfDay } = useWords();
  if (isRunning)
    return (
      <p className="soft" role="status">
        {t('about.verifying')}
      </p>
    );
  if (provenance === null)
    return (
      <p className="row row-tight">
        <Badge tone="high" icon={ShieldAlert}>
          {t('about.unverified')}
        </Badge>
      </p>
    );
  const count = provenance.damaged.length;
  return (
    <p className="row row-tight">
      {count === 0 ? (
        <Badge tone="good" icon={BadgeCheck}>
          {t('about.verified', { when: timeOfDay(provenance.checkedAt) })}
        </Badge>
      ) : (
        <Badge tone="bad" icon={ShieldAlert}>
          {t('about.damaged', { count })}
        </Badge>
      )}
    </p>
  );
}

function Origin({ provenance }: { readonly provenance: Provenance }): ReactNode {
  const { t, moment, number } = useWords();
  const { treeDigest, manifestSha256, keyIds, revision, source, builtAt, builder, files } = provenance;
  return (
    <Facts
      facts={[
        [
          t('about.revision'),
          <span key="revision" className="mono">
            {revision}
            {source === '' ? '' : ` · ${source}`}
          </span>,
        ],
        [t('about.builtAt'), moment(builtAt)],
        [t('about.builtBy'), builder],
        [t('about.files'), number(files)],
        [t('about.tree'), <Digest key="tree" digest={treeDigest} name={t('about.tree')} />],
        [t('about.manifest'), <Digest key="manifest" digest={manifestSha256} name={t('about.manifest')} />],
        [
          t('about.keys'),
          <>
            {keyIds.map((id) => (
              <Digest key={id} digest={id} name={t('about.keys')} />
            ))}
          </>,
        ],
      ]}
    />
  );
}

function Installed({ about }: { readonly about: About }): ReactNode {
  const { t } = useWords();
  const { channel, instance, root, host, generation, ability, versions } = about;
  return (
    <section className="card stack" aria-labelledby="installed">
      <h2 id="installed">{t('about.installation')}</h2>
      <Facts
        facts={[
          [t('about.channel'), channel],
          [t('about.instance'), `${instance}, ${t('about.generation', { number: generation })}`],
          [
            t('about.installed'),
            <span key="root" className="mono">
              {root}
            </span>,
          ],
          [t('about.ability'), t(`updates.ability.${ability.kind}`)],
          [t('about.host'), host],
          [
            t('about.underneath'),
            Object.entries(versions)
              .map(([name, version]) => `${name} ${version}`)
              .join(' · '),
          ],
        ]}
      />
    </section>
  );
}
