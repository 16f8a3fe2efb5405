import { Minus, Plus, Search, X } from 'lucide-react';
import type { ReactNode } from 'react';
import * as Aria from 'react-aria-components';

interface FieldProps {
  readonly label: string;
  readonly isLabelHidden?: boolean;
  readonly value: string;
  readonly isDisabled?: boolean;
  readonly autoFocus?: boolean;
  onChange(value: string): void;
  /** When it is left, or Enter is pressed. */
  onDone?(): void;
}

/** One line of text. */
export function TextField({ label, isLabelHidden = false, onDone, ...rest }: FieldProps): ReactNode {
  return (
    <Aria.TextField
      {...rest}
      className="field"
      {...(isLabelHidden ? { 'aria-label': label } : {})}
      {...(onDone === undefined ? {} : { onBlur: onDone })}
    >
      {!isLabelHidden && <Aria.Label className="label">{label}</Aria.Label>}
      <Aria.Input className="input" onKeyDown={(event) => event.key === 'Enter' && onDone?.()} />
    </Aria.TextField>
  );
}

/** A line of words to look for, with a way to empty it. */
export function SearchField({ label, value, onChange }: Pick<FieldProps, 'label' | 'value' | 'onChange'>): ReactNode {
  return (
    <Aria.SearchField aria-label={label} value={value} onChange={onChange} className="search">
      <Search size={16} aria-hidden className="search-icon" />
      <Aria.Input className="input" placeholder={label} />
      <Aria.Button className="button button-quiet button-icon search-clear">
        <X size={14} aria-hidden />
      </Aria.Button>
    </Aria.SearchField>
  );
}

interface NumberProps {
  readonly label: string;
  readonly value: number;
  readonly least: number;
  readonly most: number;
  readonly isDisabled?: boolean;
  onChange(value: number): void;
}

/** A whole number between two others. */
export function NumberField({ label, value, least, most, isDisabled = false, onChange }: NumberProps): ReactNode {
  return (
    <Aria.NumberField
      aria-label={label}
      value={value}
      minValue={least}
      maxValue={most}
      isDisabled={isDisabled}
      onChange={onChange}
      className="number"
    >
      <Aria.Group className="number-group">
        <Aria.Button slot="decrement" className="number-step">
          <Minus size={14} aria-hidden />
        </Aria.Button>
        <Aria.Input className="number-input" />
        <Aria.Button slot="increment" className="number-step">
          <Plus size={14} aria-hidden />
        </Aria.Button>
      </Aria.Group>
    </Aria.NumberField>
  );
}

/** A time of day such as 22:30, on the machine's own clock. */
export function TimeField({
  label,
  value,
  isDisabled = false,
  onChange,
}: Pick<FieldProps, 'label' | 'value' | 'isDisabled' | 'onChange'>): ReactNode {
  return (
    <label className="time">
      <span className="soft small">{label}</span>
      <input
        className="input"
        type="time"
        required
        value={value}
        disabled={isDisabled}
        onChange={({ target }) => target.value !== '' && onChange(target.value)}
      />
    </label>
  );
}
