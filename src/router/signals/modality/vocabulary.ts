/** What an answer can be. */
export const MEDIA = ['text', 'image', 'audio', 'video'] as const;
export type Medium = (typeof MEDIA)[number];
export type MadeMedium = Exclude<Medium, 'text'>;

/** The words of one language, or of a family whose words do not get in one another's way, with `|` between them. */
export interface Vocabulary {
  /** Asks for something to be made, changed or shown; what it is stands behind. */
  readonly make: string;
  /** The same where it stands at the end, behind what is to be made. */
  readonly makeLast?: string;
  /** Between the word that asks and the thing, these say that something else is to be made: `a title for my video`. */
  readonly between?: string;
  /** What is made, by medium. */
  readonly things: Readonly<Record<MadeMedium, string>>;
  /** Asks for a medium by itself: to draw is to make an image. */
  readonly verbs: Readonly<Record<MadeMedium, string>>;
  /** Makes text of it after all: what is written, coded, described or read, or a phrase of another meaning. */
  readonly not: string;
  /** Begins a question that wants words for an answer. */
  readonly asks: string;
}

/** English, German, French, Spanish, Italian, Portuguese, Russian, Chinese, Japanese, Korean. */
export const VOCABULARIES: readonly Vocabulary[] = [
  {
    make: "generate|create|recreate|make|design|produce|render|paint|draw|give me|show me|i need|i want|i want to see|i would like|i would like to see|i’d like|i'd like|turn|convert|transform|edit|retouch|remove|crop|compose|record|synthesize|synthesise|imagine",
    between: 'about|for|with|between|like|that|which|of|to|how|where|and then',
    things: {
      image:
        'image|images|picture|pictures|photo|photos|photograph|photographs|drawing|painting|watercolor|watercolour|illustration|illustrations|sketch|portrait|poster|logo|icon|icons|icon set|wallpaper|banner|avatar|artwork|cover art|profile pic|cartoon|comic|meme|sticker|infographic|flyer|book cover|album cover|mockup|concept art|floor plan',
      audio:
        'song|melody|tune|music|soundtrack|sound effect|sound effects|jingle|beat|speech|voice-over|voiceover|voice over|audio|narration|podcast|instrumental|audio version',
      video: 'video|videos|clip|animation|movie|movie trailer|film|trailer|gif|timelapse|time-lapse|footage',
    },
    verbs: {
      image: 'draw|paint|sketch|illustrate|doodle',
      audio: 'sing|read aloud|out loud|aloud|narrate|text to speech|text-to-speech',
      video: 'animate',
    },
    not: 'code|script that|python|java|javascript|typescript|html|css|svg|rust|golang|in go|sql|json|matplotlib|docker|dockerfile|kubernetes|ffmpeg|function|component|module|app that|api|schema|database|unit tests|describe|explain|summarise|summarize|transcribe|transcript|translate|classify|caption|captions|alt text|extract|analyse|analyze|compare|comparison|conclusion|conclusions|draw up|parallel|parallels|inspiration|distinction|write|prompt|prompts|lyrics|ideas|plan for|outline|essay|in words|e-mail|email|step by step|tutorial|how to|description of|article about|draw the line|recommend|recommendation|recommendations|suggestion|suggestions|reading aloud|thinking aloud',
    asks: 'how|what|why|who|when|where|which|is|are|was|were|does|did|tell me',
  },
  {
    make: 'erstelle|erstell|erzeuge|generiere|mach|mache|gestalte|entwirf|entwerfe|male|zeige mir|zeig mir|ich brauche|ich möchte|ich hätte gern|gib mir|bearbeite|produziere|komponiere',
    makeLast: 'malen|machen|erstellen|generieren|erzeugen|entwerfen|gestalten|bearbeiten|produzieren|komponieren',
    between: 'für|über|zum|zur|des|vom|wie|dass',
    things: {
      image:
        'bild|bilder|foto|fotos|zeichnung|gemälde|illustration|plakat|poster|logo|symbol|grafik|porträt|skizze|hintergrundbild|cover|karikatur',
      audio: 'lied|melodie|musik|sprachausgabe|audio|tonspur|klang|geräusch|song|hörbuch|musikstück|vertonung',
      video: 'video|clip|animation|film|trailer|kurzfilm',
    },
    verbs: {
      image: 'zeichne|zeichnen|male|malen|illustriere|skizziere',
      audio: 'sing|singe|lies mir|vorlesen|lies vor|laut vor|vertone',
      video: 'animiere|verfilme',
    },
    not: 'beschreibe|beschreib|erkläre|schreibe|schreib|zusammenfassen|fasse|übersetze|tabelle|liste|code|skript|programm|funktion|klasse|vertrag|datenbank|ideen|bildunterschrift|transkribiere|schritt für schritt|schlussfolgerung',
    asks: 'wie|was|warum|wer|wann|wo|welche|welcher|welches|wieso|weshalb',
  },
  {
    make: 'génère|générer|générez|crée|créer|créez|fais|faire|fais-moi|faites|dessine|produis|produire|conçois|concevoir|imagine|montre-moi|donne-moi|je veux|je voudrais|modifie|retouche|compose|composer|réalise|réaliser',
    between: 'pour|sur|du|de|des|que|qui|comme',
    things: {
      image:
        'image|images|photo|photos|dessin|illustration|affiche|logo|icône|portrait|tableau de peinture|peinture|croquis|fond d’écran|bannière',
      audio: 'chanson|mélodie|musique|audio|bande-son|voix off|effet sonore|jingle',
      video: 'vidéo|vidéos|clip|animation|film|bande-annonce',
    },
    verbs: {
      image: 'dessine|dessine-moi|dessiner|peins|illustre',
      audio: 'chante|à voix haute|à haute voix',
      video: 'anime',
    },
    not: 'décris|décrire|explique|expliquer|écris|écrire|résume|traduis|liste|tableau des|code|script|fonction|légende|transcris|idées|paroles|contrat',
    asks: 'comment|que|quel|quelle|quels|quelles|pourquoi|qui|quand|où|combien|qu',
  },
  {
    make: 'genera|generar|crea|crear|créame|haz|hazme|hacer|diseña|diseñar|produce|muéstrame|dame|quiero|necesito|edita|compón|componer|dibuja',
    between: 'para|sobre|de|del|que|como',
    things: {
      image:
        'imagen|imágenes|foto|fotos|fotografía|dibujo|ilustración|cartel|póster|logo|logotipo|icono|retrato|pintura|fondo de pantalla',
      audio: 'canción|melodía|música|audio|locución|efecto de sonido|voz en off',
      video: 'video|vídeo|videos|vídeos|animación|película|clip|tráiler',
    },
    verbs: { image: 'dibuja|dibújame|dibujar|pinta|ilustra', audio: 'canta|en voz alta', video: 'anima' },
    not: 'describe|explica|escribe|resume|traduce|lista|tabla|código|script|función|ideas|letra de|transcribe|contrato',
    asks: 'cómo|qué|por qué|quién|cuándo|dónde|cuál|cuánto',
  },
  {
    make: 'genera|generare|crea|creare|creami|fai|fammi|disegna|progetta|produci|mostrami|dammi|voglio|modifica|componi',
    between: 'per|sul|sulla|di|del|della|dello|che',
    things: {
      image:
        'immagine|immagini|foto|fotografia|disegno|illustrazione|manifesto|locandina|logo|icona|ritratto|dipinto|sfondo',
      audio: 'canzone|melodia|musica|audio|voce fuori campo|effetto sonoro|brano musicale',
      video: 'video|animazione|filmato|film|clip',
    },
    verbs: { image: 'disegna|disegnami|dipingi|illustra', audio: 'canta|ad alta voce', video: 'anima' },
    not: 'descrivi|spiega|scrivi|riassumi|traduci|elenco|tabella|codice|script|funzione|idee|testo della|trascrivi|contratto',
    asks: 'come|cosa|che cosa|perché|chi|quando|dove|quale|quanto',
  },
  {
    make: 'gere|gerar|crie|criar|cria|faça|fazer|faz|desenhe|projete|produza|mostre-me|me mostre|quero|preciso|edite|componha',
    between: 'do|da|dos|das',
    things: {
      image:
        'imagem|imagens|foto|fotos|fotografia|desenho|ilustração|cartaz|pôster|logo|logotipo|ícone|retrato|pintura|papel de parede',
      audio: 'canção|melodia|música|áudio|narração|efeito sonoro|locução',
      video: 'vídeo|vídeos|animação|filme|clipe|trailer',
    },
    verbs: { image: 'desenhe|desenha|pinte|ilustre', audio: 'cante|em voz alta', video: 'anime' },
    not: 'descreva|explique|escreva|resuma|traduza|lista|tabela|código|script|função|ideias|letra da|transcreva|contrato',
    asks: 'como|o que|por que|quem|quando|onde|qual|quanto',
  },
  {
    make: 'создай|создайте|сгенерируй|сгенерируйте|сделай|сделайте|покажи|покажите|нарисуй|придумай|разработай|мне нужен|мне нужна|мне нужно|хочу|отредактируй|сочини|запиши',
    between: 'для|об|про|что|как|из',
    things: {
      image:
        'изображение|картинку|картинки|рисунок|фото|фотографию|иллюстрацию|логотип|плакат|постер|иконку|портрет|обои|открытку',
      audio: 'песню|мелодию|музыку|аудио|озвучку|звуковой эффект|трек',
      video: 'видео|ролик|анимацию|фильм|клип|трейлер|видеоролик',
    },
    verbs: { image: 'нарисуй|нарисуйте|изобрази', audio: 'спой|вслух|озвучь', video: 'анимируй|оживи' },
    not: 'опиши|объясни|напиши|перескажи|переведи|список|таблицу|код|скрипт|функцию|идеи|расшифруй|договор',
    asks: 'как|что|почему|кто|когда|где|какой|какая|какие|сколько|зачем',
  },
  {
    make: '生成|创建|制作|设计|做一|做个|创作|给我一|画|编辑|合成|来一张|来一段',
    things: {
      image: '图片|图像|照片|插画|插图|海报|标志|徽标|图标|头像|壁纸|漫画|表情包|山水画|油画|水彩画|素描',
      audio: '音乐|歌曲|语音|旋律|音频|配音|音效|铃声',
      video: '视频|动画|短片|影片|宣传片|短视频',
    },
    verbs: {
      image: '画一|画个|画出|画幅|画张|画只|绘制|帮我画|给我画|请画',
      audio: '朗读|唱一|唱首|读出来|念出来',
      video: '拍一段',
    },
    not: '描述|解释|说明|写一|翻译|总结|代码|函数|脚本|列表|表格|数据库|识别|提取|分析|转录|歌词|提示词|教程|步骤',
    asks: '如何|怎么|怎样|为什么|什么是|谁|哪',
  },
  {
    make: '',
    makeLast: '生成して|作って|作成して|制作して|描いて|デザインして|見せて|ほしい|欲しい|作曲して|編集して|作りたい',
    things: {
      image: '画像|写真|イラスト|絵|ロゴ|ポスター|アイコン|壁紙|似顔絵|漫画|バナー',
      audio: '音楽|曲|歌|音声|メロディー|効果音|ナレーション|ボイス',
      video: '動画|アニメーション|映像|ビデオ|ムービー',
    },
    verbs: {
      image: '描いて|描いてください|スケッチして',
      audio: '読み上げて|歌って|朗読して|作曲して',
      video: 'アニメーションにして|動画にして',
    },
    not: '説明|描写して|書いて|要約|翻訳|コード|関数|スクリプト|一覧|データベース|方法|エラー|分析|抽出|歌詞|文字起こし|プロンプト|アイデア',
    asks: 'なぜ|どうやって|何が|誰が|どの|どう',
  },
  {
    make: '',
    makeLast: '만들어|생성해|제작해|디자인해|그려|보여줘|필요해|작곡해|편집해|만들고 싶',
    things: {
      image: '이미지|그림|사진|일러스트|로고|포스터|아이콘|배경화면|초상화|만화',
      audio: '음악|노래|음성|멜로디|효과음|오디오|내레이션',
      video: '영상|동영상|비디오|애니메이션|영화',
    },
    verbs: {
      image: '그려줘|그려 줘|그려주세요|그려 주세요|스케치해',
      audio: '소리 내어|불러줘|낭독해|작곡해',
      video: '움직이게',
    },
    not: '설명|묘사|써줘|써 줘|작성해|요약|번역|코드|함수|스크립트|목록|데이터베이스|방법|분석|추출|가사|프롬프트|아이디어',
    asks: '왜|어떻게|뭐가|무엇|누가|어디',
  },
];

/** A caption that stands for itself, as image generators are asked: `a watercolour of …`. */
export const CAPTIONS =
  'photo of|photograph of|picture of|image of|illustration of|drawing of|painting of|portrait of|watercolor of|watercolour of|watercolor painting of|oil painting of|sketch of|render of|3d render of|close-up of|cinematic shot of|foto von|bild von|gemälde von|photo de|image de|peinture de|illustration de|foto de|imagen de|retrato de|pintura de|foto di|immagine di|ritratto di|imagem de';

/** Begins what is not a caption but speaks of a picture that there is: `here is a photo of …`. */
export const POINTS = 'here|this|that|these|those|the|my|our|in|on|i|we|attached|hier|voici|aquí|ecco|aqui';

/** Asks for one thing to become another, and what stands between the two. */
export const BECOME = 'turn|convert|transform|verwandle|transforme|convierte|trasforma|converta';
export const INTO = 'into|to|in ein|en|in un|in una|em';

/** Says how many, not what: `three variations of this logo`. */
export const QUANTITIES =
  'variation of|variations of|version of|versions of|set of|series of|couple of|pair of|collage of|piece of';
