import { rememberingRegistration } from './remembering-backend.mjs';

export const registration = rememberingRegistration('container');
