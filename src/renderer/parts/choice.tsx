import { Check, ChevronDown } from 'lucide-react';
import type { ReactNode } from 'react';
import * as Aria from 'react-aria-components';

/** One of several things to choose from. */
export interface Option<Id extends string> {
  readonly id: Id;
  readonly words: string;
  readonly help?: string;
}

interface ChoiceProps<Id extends string> {
  readonly label: string;
  /** Says the label to assistive technology only: it stands beside the control already. */
  readonly isLabelHidden?: boolean;
  readonly value: NoInfer<Id> | null;
  readonly options: readonly Option<Id>[];
  readonly isDisabled?: boolean;
  onChoose(id: NoInfer<Id>): void;
}

/** All options at once, one of them chosen. */
export function Radios<Id extends string>({
  label,
  isLabelHidden = false,
  value,
  options,
  onChoose,
  isDisabled = false,
}: ChoiceProps<Id>): ReactNode {
  const choose = (id: string): void => {
    const option = options.find((each) => each.id === id);
    if (option !== undefined) onChoose(option.id);
  };
  return (
    <Aria.RadioGroup
      className="choices"
      value={value}
      onChange={choose}
      isDisabled={isDisabled}
      {...(isLabelHidden ? { 'aria-label': label } : {})}
    >
      {!isLabelHidden && <Aria.Label className="label">{label}</Aria.Label>}
      {options.map(({ id, words, help }) => (
        <Aria.Radio key={id} value={id} className="choice">
          <span className="choice-dot" aria-hidden />
          <span className="choice-words">
            {words}
            {help !== undefined && <span className="soft small">{help}</span>}
          </span>
        </Aria.Radio>
      ))}
    </Aria.RadioGroup>
  );
}

/** A box to tick, with its words. */
export function Checkbox({
  words,
  isChosen,
  onChange,
}: {
  readonly words: string;
  readonly isChosen: boolean;
  onChange(isChosen: boolean): void;
}): ReactNode {
  return (
    <Aria.Checkbox className="choice" isSelected={isChosen} onChange={onChange}>
      <span className="choice-box" aria-hidden>
        <Check size={14} strokeWidth={3} />
      </span>
      <span className="choice-words">{words}</span>
    </Aria.Checkbox>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly isDisabled?: boolean;
  onChange(isOn: boolean): void;
}

/** On or off at once; its label stands beside it. */
export function Switch({ label, isOn, isDisabled = false, onChange }: SwitchProps): ReactNode {
  return (
    <Aria.Switch className="switch" aria-label={label} isSelected={isOn} isDisabled={isDisabled} onChange={onChange}>
      <span className="switch-track" aria-hidden>
        <span className="switch-knob" />
      </span>
    </Aria.Switch>
  );
}

/** One of several, folded into a button. */
export function Select<Id extends string>({
  label,
  isLabelHidden = false,
  value,
  options,
  onChoose,
  isDisabled = false,
}: ChoiceProps<Id>): ReactNode {
  const choose = (key: Aria.Key | null): void => {
    const option = options.find(({ id }) => id === key);
    if (option !== undefined) onChoose(option.id);
  };
  return (
    <Aria.Select
      className="select"
      value={value}
      onChange={choose}
      isDisabled={isDisabled}
      {...(isLabelHidden ? { 'aria-label': label } : {})}
    >
      {!isLabelHidden && <Aria.Label className="label">{label}</Aria.Label>}
      <Aria.Button className="button button-plain select-button">
        <Aria.SelectValue className="select-value" />
        <ChevronDown size={16} aria-hidden />
      </Aria.Button>
      <Aria.Popover className="popover" offset={4}>
        <Aria.ListBox className="menu">
          {options.map(({ id, words }) => (
            <Aria.ListBoxItem key={id} id={id} className="menu-item" textValue={words}>
              {words}
            </Aria.ListBoxItem>
          ))}
        </Aria.ListBox>
      </Aria.Popover>
    </Aria.Select>
  );
}
