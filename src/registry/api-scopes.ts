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
] as const

export type ApiScope = (typeof API_SCOPES)[number]
