/** The fields of a record; text that is no JSON object comes back as the one field `fields`. */
export function parseFields(fieldsJson: string): Readonly<Record<string, unknown>> {
  if (fieldsJson === '') return {};
  try {
    const parsed: unknown = JSON.parse(fieldsJson);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Fields come from anywhere: a sink shows them all the same.
  }
  return { fields: fieldsJson };
}
