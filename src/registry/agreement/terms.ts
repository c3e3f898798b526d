/** How long things take and are kept, in days of the calendar unless the name says otherwise. Why so: decision 0022. */

/** A request that nobody goes on with ends after so many days; one that waits for money, later. */
export const REQUEST_DAYS = 14
export const PAYMENT_DAYS = 30
/** After a request was rejected or abandoned its personal data go. */
export const ERASE_DAYS = 30
/** After the approval the identity document goes. */
export const DOCUMENT_DAYS = 180

/** Links that open something once; and those of who comes back to a request, or renews. */
export const LINK_HOURS = { 'confirm-email': 48, activate: 14 * 24, request: 90 * 24, renew: 90 * 24 } as const

/** Before the expiry: renewal opens, reminders, the automatic renewal that the order pays, and the last day on which a payment is in time. */
export const RENEWAL_OPENS = 90
export const REMINDERS = [90, 60, 30, 20, 16] as const
export const AUTOMATIC = 30
export const LAST_DAY = 15

/** After the expiry, or after the service was stopped: suspended for so long, then ended; the content goes so many days after that. */
export const SUSPENDED_DAYS = 90
export const CONTENT_DAYS = 30

/** A member who was warned has so many days to get an address, before the order proposes a suspension. */
export const WARNING_DAYS = 30

/** A code that proves an address elsewhere counts until the end of so many days after the one on which it was asked for. */
export const CODE_DAYS = 3
