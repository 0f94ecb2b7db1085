import { useEffect, useRef } from 'react';

/** The heading of a page that was gone to: focus moves there, so that a screen reader says where it is. */
export function PageHeading({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }, []);
  return (
    <h2 ref={heading} tabIndex={-1} className="page-heading">
      {children}
    </h2>
  );
}
