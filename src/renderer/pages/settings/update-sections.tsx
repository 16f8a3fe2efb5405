import type { ReactNode } from 'react';
import type { Preferences } from '../../../main/contract/preferences.ts';
import { Radios, Select, Switch } from '../../parts/choice.tsx';
import { TimeField } from '../../parts/field.tsx';
import { useWords } from '../../words/words.tsx';
import { SettingRow, SettingSection, useSetting } from './setting.tsx';

const autoUpdates = ['all', 'security', 'ask'] as const;
const speeds = [250_000, 1_000_000, 5_000_000, 20_000_000] as const;
const usualHours = { from: '22:00', to: '06:00' };

/** What is updated, from where, and how fast. */
export function UpdateSection(): ReactNode {
  const { t } = useWords();
  const { value, isManaged, set, problem } = useSetting('autoUpdate', t('settings.autoUpdate'));
  return (
    <SettingSection title={t('settings.updates')}>
      <SettingRow label={t('settings.autoUpdate')} isManaged={isManaged} problem={problem}>
        <Radios
          isLabelHidden
          label={t('settings.autoUpdate')}
          value={value}
          isDisabled={isManaged}
          options={autoUpdates.map((id) => ({ id, words: t(`settings.${id}`) }))}
          onChoose={set}
        />
      </SettingRow>
      <ChannelRow />
      <SpeedRow />
    </SettingSection>
  );
}

function ChannelRow(): ReactNode {
  const { t } = useWords();
  const { value, isManaged, set, problem } = useSetting('channel', t('settings.channel'));
  // Further channels can be named on the command line; here are the usual ones and the one that is set.
  const channels = [...new Set(['stable', 'beta', value])];
  return (
    <SettingRow label={t('settings.channel')} help={t('settings.channelHelp')} isManaged={isManaged} problem={problem}>
      <Select
        isLabelHidden
        label={t('settings.channel')}
        value={value}
        isDisabled={isManaged}
        options={channels.map((id) => ({ id, words: id }))}
        onChoose={set}
      />
    </SettingRow>
  );
}

function SpeedRow(): ReactNode {
  const { t, bytes } = useWords();
  const { value, isManaged, set, problem } = useSetting('bandwidth', t('settings.bandwidth'));
  const choices = [...new Set([...speeds, ...(value === null ? [] : [value])])].toSorted((a, b) => a - b);
  return (
    <SettingRow label={t('settings.bandwidth')} isManaged={isManaged} problem={problem}>
      <Select
        isLabelHidden
        label={t('settings.bandwidth')}
        value={value === null ? 'none' : String(value)}
        isDisabled={isManaged}
        options={[
          { id: 'none', words: t('settings.bandwidthNone') },
          ...choices.map((speed) => ({ id: String(speed), words: t('settings.bandwidthValue', { speed: bytes(speed) }) })),
        ]}
        onChoose={(id) => set(id === 'none' ? null : Number(id))}
      />
    </SettingRow>
  );
}

/** When something may be fetched, and when it may take over. */
export function WhenSection(): ReactNode {
  const { t } = useWords();
  const away = useSetting('restartWhenAway', t('settings.restartWhenAway'));
  return (
    <SettingSection title={t('settings.when')}>
      <ConditionRow
        name="metered"
        label={t('settings.metered')}
        options={[
          ['ask', t('settings.meteredAsk')],
          ['allow', t('settings.meteredAllow')],
        ]}
      />
      <ConditionRow
        name="battery"
        label={t('settings.battery')}
        options={[
          ['wait', t('settings.batteryWait')],
          ['allow', t('settings.batteryAllow')],
        ]}
      />
      <SettingRow
        label={t('settings.restartWhenAway')}
        help={t('settings.restartWhenAwayHelp')}
        isManaged={away.isManaged}
        problem={away.problem}
      >
        <Switch label={t('settings.restartWhenAway')} isOn={away.value} isDisabled={away.isManaged} onChange={away.set} />
      </SettingRow>
      {away.value && <HoursRow />}
    </SettingSection>
  );
}

interface ConditionRowProps<Name extends 'metered' | 'battery'> {
  readonly name: Name;
  readonly label: string;
  readonly options: readonly (readonly [id: Preferences[Name], words: string])[];
}

function ConditionRow<Name extends 'metered' | 'battery'>({ name, label, options }: ConditionRowProps<Name>): ReactNode {
  const { value, isManaged, set, problem } = useSetting(name, label);
  return (
    <SettingRow label={label} isManaged={isManaged} problem={problem}>
      <Select
        isLabelHidden
        label={label}
        value={value}
        isDisabled={isManaged}
        options={options.map(([id, words]) => ({ id, words }))}
        onChoose={set}
      />
    </SettingRow>
  );
}

function HoursRow(): ReactNode {
  const { t } = useWords();
  const { value, isManaged, set, problem } = useSetting('awayBetween', t('settings.awayBetween'));
  return (
    <SettingRow label={t('settings.awayBetween')} isManaged={isManaged} problem={problem}>
      <div className="stack">
        <Select
          isLabelHidden
          label={t('settings.awayBetween')}
          value={value === null ? 'any' : 'some'}
          isDisabled={isManaged}
          options={[
            { id: 'any', words: t('settings.awayAny') },
            { id: 'some', words: t('settings.awayBetweenSome') },
          ]}
          onChoose={(id) => set(id === 'any' ? null : usualHours)}
        />
        {value !== null && (
          <div className="row row-tight">
            <TimeField label={t('settings.from')} value={value.from} isDisabled={isManaged} onChange={(from) => set({ ...value, from })} />
            <TimeField label={t('settings.to')} value={value.to} isDisabled={isManaged} onChange={(to) => set({ ...value, to })} />
          </div>
        )}
      </div>
    </SettingRow>
  );
}
