/** The ways in which a mail program reaches a mailbox. An app password opens some of them. */
export const PROTOCOLS = ['imap', 'pop3', 'smtp', 'jmap'] as const

export type Protocol = (typeof PROTOCOLS)[number]
