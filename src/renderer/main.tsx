/** Where the window begins: it connects, and shows what it hears. */
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/controls.css';
import './styles/overlays.css';
import './styles/frame.css';
import './styles/pages.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { connect } from './connection/connect.ts';
import { Connected } from './connection/context.tsx';
import { openStore } from './connection/store.ts';
import { App, Shut } from './frame/app.tsx';

const place = document.getElementById('window');
if (place === null) throw new Error('the page has no place for the window');
const client = await connect();
createRoot(place).render(
  <StrictMode>
    {client === null ? (
      <Shut />
    ) : (
      <Connected store={openStore(client)}>
        <App />
      </Connected>
    )}
  </StrictMode>,
);
