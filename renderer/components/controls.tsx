/** React Aria's components in Holdfast's clothes. No behaviour of our own. */
import type { ReactElement, ReactNode } from 'react';
import {
  Button as AriaButton, Checkbox, Dialog, Disclosure as AriaDisclosure, DisclosurePanel, Heading, Input, Label, ListBox, ListBoxItem, Modal as AriaModal,
  ModalOverlay, Popover, ProgressBar, Radio, Select as AriaSelect, SelectValue, Switch as AriaSwitch, Text, TextArea, TextField as AriaTextField,
  type ButtonProps as AriaButtonProps, type Key,
} from 'react-aria-components';
import { Icon } from './Icon.js';

export interface ButtonProps extends Omit<AriaButtonProps, 'className' | 'style'> {
  look?: 'primary' | 'plain' | 'quiet' | 'danger';
  large?: boolean;
}

export function Button({ look = 'plain', large = false, ...rest }: ButtonProps): ReactElement {
  const classes = ['button', look === 'plain' ? '' : `button--${look}`, large ? 'button--large' : ''].filter(Boolean).join(' ');
  return <AriaButton {...rest} className={classes} />;
}

/** A bar of known or unknown length. `words` stands at its left, the percentage at its right. */
export function Progress({ label, words, share }: { label: string; words: ReactNode; share: number | null }): ReactElement {
  return (
    <ProgressBar className="progress" aria-label={label} isIndeterminate={share === null} value={(share ?? 0) * 100}>
      {({ percentage, valueText }) => (
        <>
          <div className="progress__words small">
            <span className="quiet">{words}</span>
            {share === null ? null : <span>{valueText}</span>}
          </div>
          <div className="progress__track">
            <div className={share === null ? 'progress__fill progress__fill--unknown' : 'progress__fill'} style={share === null ? undefined : { width: `${percentage ?? 0}%` }} />
          </div>
        </>
      )}
    </ProgressBar>
  );
}

interface DisclosureProps {
  summary: ReactNode;
  /** For screen readers, where the summary is a row of bare numbers. */
  label?: string;
  /** Of its heading, one below that of what it is in. */
  level: number;
  children: ReactNode;
}

export function Disclosure({ summary, label, level, children }: DisclosureProps): ReactElement {
  return (
    <AriaDisclosure className="disclosure">
      <Heading level={level} style={{ margin: 0, font: 'inherit' }}>
        <AriaButton slot="trigger" className="disclosure__trigger" aria-label={label}>
          <Icon name="chevron" className="disclosure__chevron" />
          {summary}
        </AriaButton>
      </Heading>
      <DisclosurePanel className="disclosure__panel">{children}</DisclosurePanel>
    </AriaDisclosure>
  );
}

interface ChoiceProps {
  value: string;
  name: ReactNode;
  detail?: string;
  aside?: string | null;
}

function ChoiceWords({ name, detail, aside }: Omit<ChoiceProps, 'value'>): ReactElement {
  return (
    <>
      <div className="choice__words">
        <div className="choice__name">{name}</div>
        {detail === undefined ? null : <div className="choice__path" title={detail}>{detail}</div>}
      </div>
      {aside ? <div className="choice__aside">{aside}</div> : null}
    </>
  );
}

/** One of several that may be chosen together; inside a CheckboxGroup. */
export function CheckChoice({ value, ...words }: ChoiceProps): ReactElement {
  return (
    <Checkbox value={value} className="choice">
      <span className="choice__mark"><Icon name="check" /></span>
      <ChoiceWords {...words} />
    </Checkbox>
  );
}

/** One of several that exclude each other; inside a RadioGroup. */
export function RadioChoice({ value, ...words }: ChoiceProps): ReactElement {
  return (
    <Radio value={value} className="choice">
      <span className="choice__mark choice__mark--round"><Icon name="check" /></span>
      <ChoiceWords {...words} />
    </Radio>
  );
}

export function Switch({ isSelected, onChange, children }: { isSelected: boolean; onChange: (on: boolean) => void; children: ReactNode }): ReactElement {
  return (
    <AriaSwitch className="switch" isSelected={isSelected} onChange={onChange}>
      <span className="switch__track"><span className="switch__knob" style={{ display: 'block' }} /></span>
      {children}
    </AriaSwitch>
  );
}

interface TextFieldProps {
  label: string;
  help?: string;
  value: string;
  onChange: (value: string) => void;
  multiline?: boolean;
  type?: 'text' | 'password';
}

export function TextField({ label, help, value, onChange, multiline = false, type = 'text' }: TextFieldProps): ReactElement {
  return (
    <AriaTextField className="field" value={value} onChange={onChange} type={type} autoComplete="off">
      <Label className="field__label">{label}</Label>
      {multiline ? <TextArea className="field__input" rows={3} spellCheck={false} /> : <Input className="field__input" spellCheck={false} />}
      {help === undefined ? null : <Text slot="description" className="field__help">{help}</Text>}
    </AriaTextField>
  );
}

interface SelectProps<K extends string> {
  label: string;
  value: K;
  onChange: (value: K) => void;
  options: readonly { readonly id: K; readonly name: string }[];
}

export function Select<K extends string>({ label, value, onChange, options }: SelectProps<K>): ReactElement {
  const choose = (key: Key | null): void => {
    const chosen = options.find((option) => option.id === key);
    if (chosen !== undefined) onChange(chosen.id);
  };
  return (
    <AriaSelect className="select" selectedKey={value} onSelectionChange={choose}>
      <Label className="field__label">{label}</Label>
      <AriaButton className="select__button"><SelectValue /><Icon name="down" /></AriaButton>
      <Popover className="popover">
        <ListBox className="menu">
          {options.map((option) => <ListBoxItem key={option.id} id={option.id} className="menu__item">{option.name}</ListBoxItem>)}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

interface ModalProps {
  isOpen: boolean;
  /** Null: only a button inside closes it. */
  onClose: (() => void) | null;
  label: string;
  small?: boolean;
  children: ReactNode;
}

export function Modal({ isOpen, onClose, label, small = false, children }: ModalProps): ReactElement {
  return (
    <ModalOverlay className="scrim" isOpen={isOpen} isDismissable={onClose !== null} isKeyboardDismissDisabled={onClose === null} onOpenChange={(open) => { if (!open) onClose?.(); }}>
      <AriaModal className={small ? 'modal modal--small' : 'modal'}>
        <Dialog className="dialog" aria-label={label}>{children}</Dialog>
      </AriaModal>
    </ModalOverlay>
  );
}
