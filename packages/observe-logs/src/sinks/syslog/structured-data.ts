/**
 * A parameter of RFC 5424, section 6.3.3: name and value, in which `"`, `\` and `]` are escaped. Control characters,
 * which would end a line somewhere on the way, become spaces.
 */
export function structuredParameter(name: string, value: string): string {
  return `${name}="${value.replace(controls, ' ').replace(/["\\\]]/g, '\\$&')}"`;
}

const controls = /[\u0000-\u001f\u007f-\u009f]/g;
