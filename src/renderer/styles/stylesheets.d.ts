/** The bundler turns an imported style sheet into a file beside the scripts. */
declare module '*.css';
