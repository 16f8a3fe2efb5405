import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import type { PreferenceName, Preferences } from '../../../main/contract/preferences.ts';
import { useTopic } from '../../connection/context.tsx';
import { useAnnounce } from '../../parts/announce.tsx';
import { Problem, useCommand } from '../../parts/failure.tsx';
import { useWords } from '../../words/words.tsx';

/** One preference as its control needs it. */
export interface Setting<Name extends PreferenceName> {
  readonly value: Preferences[Name];
  readonly isManaged: boolean;
  set(value: Preferences[Name]): void;
}

/** A preference's value, and the way to set it; it applies at once and is announced. */
export function useSetting<Name extends PreferenceName>(name: Name, label: string): Setting<Name> & { readonly problem: ReactNode } {
  const { t } = useWords();
  const announce = useAnnounce();
  const { values, managed } = useTopic('preferences');
  const { run, failure } = useCommand('prefs/set');
  const set = (value: Preferences[Name]): void => {
    void run({ [name]: value }).then((answer) => answer === 'failed' || announce(t('settings.applied', { what: label })));
  };
  return { value: values[name], isManaged: managed.includes(name), set, problem: <Problem failure={failure} /> };
}

/** Preferences that belong together. */
export function SettingSection({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className="card card-flush settings" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

interface RowProps {
  readonly label: string;
  readonly help?: string;
  readonly isManaged?: boolean;
  readonly problem?: ReactNode;
  readonly children: ReactNode;
}

/** A preference's name, its help, and its control. */
export function SettingRow({ label, help, isManaged = false, problem, children }: RowProps): ReactNode {
  const { t } = useWords();
  return (
    <div className="setting">
      <div className="setting-words">
        <span className="setting-label">
          {label}
          {isManaged && (
            <span className="setting-lock">
              <Lock size={14} aria-hidden />
              <span className="hidden">{t('settings.managed')}</span>
            </span>
          )}
        </span>
        {help !== undefined && <span className="soft small">{help}</span>}
        {problem}
      </div>
      <div className="setting-control">{children}</div>
    </div>
  );
}
