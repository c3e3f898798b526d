/** How long a password is: said by pages before it is chosen. Nothing else is asked of it (NIST SP 800-63B 5.1.1). */
export const PASSWORD_LENGTH = { least: 10, most: 200 } as const
