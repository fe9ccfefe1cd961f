/** Names of the two IPC channels, apart from the contract so that the preload need not carry the schemas. */

/** The page asks, the app answers. */
export const callChannel = 'holdfast:call';
/** The app tells the page. */
export const eventChannel = 'holdfast:event';
