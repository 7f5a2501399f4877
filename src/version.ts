import manifest from '../package.json' with { type: 'json' };

/** As in package.json: what the API document says of itself. */
export const VERSION: string = manifest.version;
