/** The ways in which a mail program reaches a mailbox, and a program what is about it. An app password opens some of them. */
export const PROTOCOLS = ['imap', 'pop3', 'smtp', 'jmap', 'api'] as const

export type Protocol = (typeof PROTOCOLS)[number]
