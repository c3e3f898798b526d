/** What a machine's token may be good for. */
export const API_SCOPES = [
  /** the roll of an order: read; and imported */
  'roll:read',
  'roll:write',
  'requests:read',
  'contracts:read',
  /** money that has come: read; and told of */
  'payments:read',
  'payments:write',
  /** webhooks: of the token's own order or mailbox; of a token of the provider, all */
  'webhooks:manage',
] as const

export type ApiScope = (typeof API_SCOPES)[number]

/** What a token of a single mailbox may be good for. */
export const MAILBOX_SCOPES: readonly ApiScope[] = ['webhooks:manage']
