/** What a configuration that Weir proposes begins with. */
export const REFERENCE_SCHEMA = `# Weir's configuration. Every key: docs/reference/configuration.md; weir check says what is wrong with it.

# Requests for the model "auto" go where a decision says; add signals and decisions as you learn what is asked.
router:
  names: [auto]
`;
