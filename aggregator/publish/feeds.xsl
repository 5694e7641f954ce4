<?xml version="1.0" encoding="UTF-8"?>
<!-- What a browser shows of our Atom and RSS: the entries as a list, and what to do with the address. Texts are cut to a plain beginning,
     since no browser gives a stylesheet the HTML that is escaped in them. Nothing is loaded, and no script runs. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:a="http://www.w3.org/2005/Atom"
  xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns="http://www.w3.org/1999/xhtml"
  exclude-result-prefixes="a content dc">
  <xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
  <!-- So much of a text is looked at, and so much of it shown. -->
  <xsl:variable name="looked-at" select="2000"/>
  <xsl:variable name="shown" select="300"/>
  <!-- How our own line begins, and elements that part no words. -->
  <xsl:variable name="line" select="'&lt;p class=&quot;aggregator-origin&quot;'"/>
  <xsl:variable name="inline" select="' a abbr b bdi bdo cite code del dfn em i ins kbd mark q s samp small span strong sub sup time u var '"/>

  <xsl:template match="/a:feed">
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="a:title"/>
      <xsl:with-param name="language" select="@xml:lang"/>
      <xsl:with-param name="self" select="a:link[@rel='self']/@href"/>
      <xsl:with-param name="home" select="a:link[@rel='alternate']/@href"/>
      <xsl:with-param name="older" select="a:link[@rel='prev-archive']/@href"/>
      <xsl:with-param name="entries" select="a:entry"/>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="/rss">
    <xsl:call-template name="page">
      <xsl:with-param name="title" select="channel/title"/>
      <xsl:with-param name="language" select="channel/language"/>
      <xsl:with-param name="self" select="channel/a:link[@rel='self']/@href"/>
      <xsl:with-param name="home" select="channel/link"/>
      <xsl:with-param name="older" select="channel/a:link[@rel='prev-archive']/@href"/>
      <xsl:with-param name="entries" select="channel/item"/>
    </xsl:call-template>
  </xsl:template>

  <xsl:template name="page">
    <xsl:param name="title"/>
    <xsl:param name="language"/>
    <xsl:param name="self"/>
    <xsl:param name="home"/>
    <xsl:param name="older"/>
    <xsl:param name="entries"/>
    <html lang="{$language}">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="robots" content="noindex"/>
        <title><xsl:value-of select="$title"/></title>
        <style>
          :root { color-scheme: light dark; --ink: #1b1b1f; --quiet: #5c5c66; --line: #d9d9e0; --paper: #fdfdfb; --link: #1a4fa3; }
          @media (prefers-color-scheme: dark) { :root { --ink: #e8e6e3; --quiet: #a5a3a8; --line: #3a3a40; --paper: #17171a; --link: #9dbdf5; } }
          body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 42rem; font: 1.0625rem/1.55 Georgia, serif; color: var(--ink); background: var(--paper); }
          h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
          h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .2rem; }
          a { color: var(--link); text-decoration-thickness: 1px; text-underline-offset: .15em; }
          h2 a { text-decoration: none; } h2 a:hover, h2 a:focus { text-decoration: underline; }
          article { border-top: 1px solid var(--line); padding: 1.1rem 0; overflow-wrap: anywhere; }
          p { margin: .3rem 0; } .meta, .about { color: var(--quiet); font: .875rem/1.5 system-ui, sans-serif; }
          .about { border-left: 3px solid var(--line); padding-left: .9rem; margin: 1rem 0 1.8rem; }
          code { overflow-wrap: anywhere; color: var(--ink); }
        </style>
      </head>
      <body>
        <header>
          <h1><xsl:value-of select="$title"/></h1>
          <div class="about" lang="en">
            <p>This is a feed. Give its address to a feed reader, and new entries come to you<xsl:if test="$self">: <code><xsl:value-of select="$self"/></code></xsl:if>.</p>
            <xsl:if test="$home"><p><a href="{$home}">The page of this feed</a></p></xsl:if>
          </div>
        </header>
        <main>
          <xsl:apply-templates select="$entries"/>
        </main>
        <xsl:if test="$older"><footer class="meta" lang="en"><p><a rel="prev" href="{$older}">Older entries</a></p></footer></xsl:if>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="a:entry">
    <xsl:call-template name="entry">
      <xsl:with-param name="title" select="a:title"/>
      <xsl:with-param name="link" select="a:link[@rel='alternate']/@href"/>
      <xsl:with-param name="source" select="a:source/a:title"/>
      <xsl:with-param name="author" select="a:author[1]/a:name"/>
      <xsl:with-param name="date" select="substring(a:published, 1, 10)"/>
      <xsl:with-param name="text" select="a:summary | a:content[not(../a:summary)]"/>
      <xsl:with-param name="media" select="a:link[@rel='enclosure']/@href"/>
      <xsl:with-param name="language" select="a:title/@xml:lang"/>
    </xsl:call-template>
  </xsl:template>

  <xsl:template match="item">
    <xsl:call-template name="entry">
      <xsl:with-param name="title" select="title"/>
      <xsl:with-param name="link" select="link"/>
      <xsl:with-param name="source" select="source"/>
      <xsl:with-param name="author" select="dc:creator[1]"/>
      <xsl:with-param name="date" select="substring(pubDate, 6, 11)"/>
      <xsl:with-param name="text" select="description"/>
      <xsl:with-param name="media" select="enclosure/@url"/>
      <xsl:with-param name="language" select="dc:language"/>
    </xsl:call-template>
  </xsl:template>

  <xsl:template name="entry">
    <xsl:param name="title"/>
    <xsl:param name="link"/>
    <xsl:param name="source"/>
    <xsl:param name="author"/>
    <xsl:param name="date"/>
    <xsl:param name="text"/>
    <xsl:param name="media"/>
    <xsl:param name="language"/>
    <xsl:variable name="plain-title">
      <xsl:choose>
        <xsl:when test="$title/@type = 'html'"><xsl:call-template name="plain"><xsl:with-param name="html" select="substring($title, 1, $looked-at)"/></xsl:call-template></xsl:when>
        <xsl:otherwise><xsl:value-of select="$title"/></xsl:otherwise>
      </xsl:choose>
    </xsl:variable>
    <!-- Our own line is a paragraph of its own, in its own language and direction. -->
    <xsl:variable name="begun" select="substring($text, 1, $looked-at)"/>
    <xsl:variable name="of-line" select="substring-before(substring-after($begun, $line), '&lt;/p&gt;')"/>
    <xsl:variable name="said"><xsl:call-template name="plain"><xsl:with-param name="html" select="substring-after($of-line, '&gt;')"/></xsl:call-template></xsl:variable>
    <xsl:variable name="others">
      <xsl:choose>
        <xsl:when test="$of-line != ''"><xsl:value-of select="substring-before($begun, $line)"/><xsl:value-of select="substring-after(substring-after($begun, $line), '&lt;/p&gt;')"/></xsl:when>
        <xsl:otherwise><xsl:value-of select="$begun"/></xsl:otherwise>
      </xsl:choose>
    </xsl:variable>
    <xsl:variable name="plain"><xsl:call-template name="plain"><xsl:with-param name="html" select="string($others)"/></xsl:call-template></xsl:variable>
    <xsl:variable name="words" select="normalize-space($plain)"/>
    <article>
      <xsl:if test="$language != ''"><xsl:attribute name="lang"><xsl:value-of select="$language"/></xsl:attribute></xsl:if>
      <h2 dir="auto">
        <xsl:choose>
          <xsl:when test="starts-with($link, 'http://') or starts-with($link, 'https://')">
            <a href="{$link}" rel="noreferrer"><xsl:value-of select="$plain-title"/><xsl:if test="normalize-space($plain-title) = ''"><xsl:value-of select="$link"/></xsl:if></a>
          </xsl:when>
          <xsl:otherwise><xsl:value-of select="$plain-title"/></xsl:otherwise>
        </xsl:choose>
      </h2>
      <p class="meta">
        <bdi><xsl:value-of select="$source"/></bdi>
        <xsl:if test="$author and string($author) != string($source)"> · <bdi><xsl:value-of select="$author"/></bdi></xsl:if>
        <xsl:if test="$date != ''"> · <xsl:value-of select="$date"/></xsl:if>
        <xsl:for-each select="$media[starts-with(., 'http://') or starts-with(., 'https://')]"> · <a href="{.}" rel="noreferrer">▸ <xsl:call-template name="file"><xsl:with-param name="address" select="."/></xsl:call-template></a></xsl:for-each>
      </p>
      <xsl:if test="normalize-space($said) != ''">
        <p class="meta" dir="auto" lang="{/a:feed/@xml:lang | /rss/channel/language}"><xsl:value-of select="normalize-space($said)"/></p>
      </xsl:if>
      <xsl:if test="$words != ''">
        <p dir="auto"><xsl:value-of select="substring($words, 1, $shown)"/><xsl:if test="string-length($words) &gt; $shown">…</xsl:if></p>
      </xsl:if>
    </article>
  </xsl:template>

  <!-- The last part of an address, without its query. -->
  <xsl:template name="file">
    <xsl:param name="address"/>
    <xsl:variable name="path" select="substring-before(concat($address, '?'), '?')"/>
    <xsl:choose>
      <xsl:when test="contains($path, '/')"><xsl:call-template name="file"><xsl:with-param name="address" select="substring-after($path, '/')"/></xsl:call-template></xsl:when>
      <xsl:otherwise><xsl:value-of select="$path"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- HTML without its tags. -->
  <xsl:template name="plain">
    <xsl:param name="html"/>
    <xsl:choose>
      <xsl:when test="contains($html, '&lt;')">
        <xsl:call-template name="read"><xsl:with-param name="text" select="substring-before($html, '&lt;')"/></xsl:call-template>
        <xsl:variable name="tag" select="substring-before(substring-after($html, '&lt;'), '&gt;')"/>
        <xsl:if test="not(contains($inline, concat(' ', substring-before(concat(translate($tag, '/', ''), ' '), ' '), ' ')))"><xsl:text> </xsl:text></xsl:if>
        <xsl:call-template name="plain"><xsl:with-param name="html" select="substring-after(substring-after($html, '&lt;'), '&gt;')"/></xsl:call-template>
      </xsl:when>
      <xsl:otherwise><xsl:call-template name="read"><xsl:with-param name="text" select="$html"/></xsl:call-template></xsl:otherwise>
    </xsl:choose>
  </xsl:template>

  <!-- A text without character references: the few that our own HTML has. -->
  <xsl:template name="read">
    <xsl:param name="text"/>
    <xsl:choose>
      <xsl:when test="contains($text, '&amp;')">
        <xsl:variable name="rest" select="substring-after($text, '&amp;')"/>
        <xsl:variable name="name" select="substring-before(concat($rest, ';'), ';')"/>
        <xsl:value-of select="substring-before($text, '&amp;')"/>
        <xsl:choose>
          <xsl:when test="$name = 'amp'">&amp;</xsl:when>
          <xsl:when test="$name = 'lt'">&lt;</xsl:when>
          <xsl:when test="$name = 'gt'">&gt;</xsl:when>
          <xsl:when test="$name = 'quot'">"</xsl:when>
          <xsl:when test="$name = '#39'">'</xsl:when>
          <xsl:when test="$name = 'nbsp'">&#160;</xsl:when>
          <xsl:otherwise>&amp;<xsl:value-of select="$name"/>;</xsl:otherwise>
        </xsl:choose>
        <xsl:call-template name="read"><xsl:with-param name="text" select="substring-after($rest, ';')"/></xsl:call-template>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="$text"/></xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
