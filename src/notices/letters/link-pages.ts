/** Pages that one-time links lead to (web/link). The token stands behind "#", which browsers send to no server: it reaches no log on the way. */
export const LINK_PAGES = { 'confirm-email': '/conferma', activation: '/attivazione' } as const
