/** The languages in which people are written to and shown things, the first one where they say nothing. */
export const LANGUAGES = ['it', 'en'] as const
export type Language = (typeof LANGUAGES)[number]
