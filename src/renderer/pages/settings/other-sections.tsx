import { useState, type ReactNode } from 'react';
import { Button } from '../../parts/button.tsx';
import { Select, Switch } from '../../parts/choice.tsx';
import { NumberField, TextField } from '../../parts/field.tsx';
import { useWords } from '../../words/words.tsx';
import { TelemetryPreview } from './preview.tsx';
import { SettingRow, SettingSection, useSetting } from './setting.tsx';

const rhythms = ['never', 'daily', 'weekly'] as const;
const languages = ['system', 'en', 'de', 'ar'] as const;
const themes = ['system', 'light', 'dark'] as const;

/** What is kept, and for how long. */
export function KeepSection(): ReactNode {
  const { t } = useWords();
  const count = useSetting('keepSnapshots', t('settings.keepSnapshots'));
  const days = useSetting('keepAbandonedDays', t('settings.keepAbandonedDays'));
  const rhythm = useSetting('scheduledSnapshots', t('settings.scheduledSnapshots'));
  return (
    <SettingSection title={t('settings.keep')}>
      <SettingRow label={t('settings.keepSnapshots')} isManaged={count.isManaged} problem={count.problem}>
        <NumberField
          label={t('settings.keepSnapshots')}
          value={count.value}
          least={1}
          most={100}
          isDisabled={count.isManaged}
          onChange={count.set}
        />
      </SettingRow>
      <SettingRow label={t('settings.keepAbandonedDays')} isManaged={days.isManaged} problem={days.problem}>
        <NumberField
          label={t('settings.keepAbandonedDays')}
          value={days.value}
          least={1}
          most={3650}
          isDisabled={days.isManaged}
          onChange={days.set}
        />
      </SettingRow>
      <SettingRow label={t('settings.scheduledSnapshots')} isManaged={rhythm.isManaged} problem={rhythm.problem}>
        <Select
          isLabelHidden
          label={t('settings.scheduledSnapshots')}
          value={rhythm.value}
          isDisabled={rhythm.isManaged}
          options={rhythms.map((id) => ({ id, words: t(`settings.${id}`) }))}
          onChoose={rhythm.set}
        />
      </SettingRow>
    </SettingSection>
  );
}

/** How the window speaks and looks. */
export function WindowSection(): ReactNode {
  const { t } = useWords();
  const language = useSetting('language', t('settings.language'));
  const theme = useSetting('theme', t('settings.theme'));
  const notifications = useSetting('notifications', t('settings.notifications'));
  const offered = [...new Set([...languages, language.value])];
  return (
    <SettingSection title={t('settings.windowSection')}>
      <SettingRow label={t('settings.language')} isManaged={language.isManaged} problem={language.problem}>
        <Select
          isLabelHidden
          label={t('settings.language')}
          value={language.value}
          isDisabled={language.isManaged}
          options={offered.map((id) => ({ id, words: t(`settings.${id}`) }))}
          onChoose={language.set}
        />
      </SettingRow>
      <SettingRow label={t('settings.theme')} isManaged={theme.isManaged} problem={theme.problem}>
        <Select
          isLabelHidden
          label={t('settings.theme')}
          value={theme.value}
          isDisabled={theme.isManaged}
          options={themes.map((id) => ({ id, words: t(`settings.${id}`) }))}
          onChoose={theme.set}
        />
      </SettingRow>
      <SettingRow label={t('settings.notifications')} isManaged={notifications.isManaged} problem={notifications.problem}>
        <Switch
          label={t('settings.notifications')}
          isOn={notifications.value}
          isDisabled={notifications.isManaged}
          onChange={notifications.set}
        />
      </SettingRow>
    </SettingSection>
  );
}

/** The way to the server, and what it is told. */
export function NetworkSection(): ReactNode {
  const { t } = useWords();
  const proxy = useSetting('proxy', t('settings.proxy'));
  const telemetry = useSetting('telemetry', t('settings.telemetry'));
  const [text, setText] = useState(proxy.value ?? '');
  const [isPreviewing, setPreviewing] = useState(false);
  const apply = (): void => {
    const value = text.trim() === '' ? null : text.trim();
    if (value !== proxy.value) proxy.set(value);
  };
  return (
    <SettingSection title={t('settings.network')}>
      <SettingRow label={t('settings.proxy')} help={t('settings.proxyHelp')} isManaged={proxy.isManaged} problem={proxy.problem}>
        <TextField isLabelHidden label={t('settings.proxy')} value={text} isDisabled={proxy.isManaged} onChange={setText} onDone={apply} />
      </SettingRow>
      <SettingRow
        label={t('settings.telemetry')}
        help={t('settings.telemetryHelp')}
        isManaged={telemetry.isManaged}
        problem={telemetry.problem}
      >
        <Switch label={t('settings.telemetry')} isOn={telemetry.value} isDisabled={telemetry.isManaged} onChange={telemetry.set} />
      </SettingRow>
      <div className="setting">
        <Button kind="quiet" onPress={() => setPreviewing(true)}>
          {t('settings.preview')}
        </Button>
      </div>
      {isPreviewing && <TelemetryPreview onLeave={() => setPreviewing(false)} />}
    </SettingSection>
  );
}
