import './Card.css';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import type { KnownModelId } from '../checkpoints/known-models';

export interface Badge {
  readonly tone: 'active' | 'good' | 'quiet' | 'wrong';
  readonly text: string;
}

interface CardProps {
  /** What is dropped here is meant for this model. */
  readonly id?: KnownModelId;
  /** Something is being dragged over it. */
  readonly over?: boolean;
  readonly title: string;
  readonly line: string;
  readonly badge: Badge;
  readonly children: ReactNode;
}

/** One model: what it is, how it stands, and below that whatever can be said of it or done with it. */
export function Card({ id, over = false, title, line, badge, children }: CardProps) {
  const heading = useId();
  const article = useKeptFocus();
  return (
    <li>
      <article
        ref={article}
        tabIndex={-1}
        className="card"
        aria-labelledby={heading}
        data-model={id}
        data-tone={badge.tone}
        data-over={over}
      >
        <header>
          <h3 id={heading}>{title}</h3>
          <p className={`badge badge-${badge.tone}`}>{badge.text}</p>
        </header>
        <p className="card-line">{line}</p>
        {children}
      </article>
    </li>
  );
}

/** A button that is gone once it was pressed takes the focus with it: its card has it then, not the top of the page. */
function useKeptFocus() {
  const article = useRef<HTMLElement>(null);
  const had = useRef(false);
  useEffect(() => {
    const onFocusIn = ({ target }: FocusEvent) => {
      had.current = article.current?.contains(target as Node) ?? false;
    };
    document.addEventListener('focusin', onFocusIn);
    return () => document.removeEventListener('focusin', onFocusIn);
  }, []);
  useEffect(() => {
    if (had.current && document.activeElement === document.body) article.current?.focus({ preventScroll: true });
  });
  return article;
}
