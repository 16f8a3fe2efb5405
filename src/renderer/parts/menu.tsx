import { ChevronDown, Ellipsis } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import type { ButtonKind } from './button.tsx';

/** One thing that a menu offers. */
export interface Offered {
  readonly id: string;
  readonly words: string;
  readonly isDangerous?: boolean;
  choose(): void;
}

interface MenuProps {
  readonly words: string;
  readonly kind?: ButtonKind;
  readonly items: readonly Offered[];
}

/** A button with words that opens a menu. */
export function MenuButton({ words, kind = 'plain', items }: MenuProps): ReactNode {
  return (
    <MenuTrigger>
      <Button className={`button button-${kind}`}>
        {words}
        <ChevronDown size={16} aria-hidden />
      </Button>
      <Items items={items} label={words} />
    </MenuTrigger>
  );
}

/** Three dots that open a menu; `label` says whose. */
export function MoreMenu({ label, items }: { readonly label: string; readonly items: readonly Offered[] }): ReactNode {
  return (
    <MenuTrigger>
      <Button className="button button-quiet button-icon" aria-label={label}>
        <Ellipsis size={16} aria-hidden />
      </Button>
      <Items items={items} label={label} />
    </MenuTrigger>
  );
}

function Items({ items, label }: { readonly items: readonly Offered[]; readonly label: string }): ReactNode {
  return (
    <Popover className="popover" placement="bottom end" offset={4}>
      <Menu className="menu" aria-label={label}>
        {items.map(({ id, words, isDangerous, choose }) => (
          <MenuItem key={id} id={id} className={`menu-item${isDangerous === true ? ' menu-danger' : ''}`} onAction={choose}>
            {words}
          </MenuItem>
        ))}
      </Menu>
    </Popover>
  );
}
