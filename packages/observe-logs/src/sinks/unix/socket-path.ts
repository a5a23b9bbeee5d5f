/** unix(7): what `sun_path` holds, less the byte that ends it. */
export const longestSocketPathBytes = 107;
