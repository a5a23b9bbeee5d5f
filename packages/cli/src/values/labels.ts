/** What a label looks like, for messages. */
export const labelForms = 'NAME=VALUE, such as team=shop';

/** The name and the value of `team=shop`. Undefined when it is no label. */
export function parseLabel(text: string): readonly [string, string] | undefined {
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  return name === undefined || value === undefined ? undefined : [name, value];
}
